import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Plan } from '../tokens';
import { setValue } from './choices';
import { IOffers } from './offers';
import { Section } from './section';
import { Select } from './select';

interface ISystemProps {
  plan: Plan | null;
  choices: Choices;
  offers: IOffers;
  onChoose: (choices: Choices) => void;
  trans: TranslationBundle;
}

/** What the image stands on: its system, and the processors that it is for. */
export function System({ plan, choices, offers, onChoose, trans }: ISystemProps): React.JSX.Element | null {
  if (offers.stacks.length === 0 && offers.platforms.length === 0) {
    return null;
  }
  return (
    <Section title={trans.__('System of the image')}>
      <Select
        label={trans.__('System')}
        value={choices.stack ?? ''}
        options={[
          {
            value: '',
            label: plan ? trans.__('What fits the Python: %1', plan.stack) : trans.__('What fits the Python')
          },
          ...offers.stacks.map(({ name, words }) => ({ value: name, label: trans.__('%1 (%2)', name, words) }))
        ]}
        onChange={value => onChoose(setValue(choices, 'stack', value))}
      />
      <Select
        label={trans.__('Platform')}
        value={choices.platform ?? ''}
        options={[
          { value: '', label: plan ? trans.__('As suggested: linux/%1', plan.arch) : trans.__("The server's own") },
          ...offers.platforms.map(name => ({ value: name, label: name }))
        ]}
        hint={trans.__("Another one than the server's is built from wheels, without emulation.")}
        onChange={value => onChoose(setValue(choices, 'platform', value))}
      />
    </Section>
  );
}
