import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Inspection, Plan } from '../tokens';
import { hardwareOptions, IOffers } from './offers';
import { hardwareWord } from '../words';
import { setHardware } from './choices';
import { Fact } from './fact';
import { Field } from './field';
import { Notices, topicOf } from './notices';
import { Reveal } from './place';
import { Section } from './section';
import { Select } from './select';
import { declaredText, differ, neededText } from './spoken';
import { System } from './system';

interface IHardwareProps {
  offers: IOffers;
  inspection: Inspection;
  plan: Plan | null;
  choices: Choices;
  onChoose: (choices: Choices) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** What the image is made for: the suggestion and its reason, both witnesses, the user's own word, what to know. */
export function HardwareTab(props: IHardwareProps): React.JSX.Element {
  const { inspection, plan, choices, offers, onChoose, reveal, trans } = props;
  const { accelerator, reason, declared, needed } = inspection.hardware;
  const chosen = choices.hardware?.accelerator ?? '';
  const count = choices.hardware?.count ?? null;
  const notices = [...inspection.notices, ...(plan?.notices ?? [])].filter(({ code }) => topicOf(code) === 'hardware');
  const suggested = hardwareWord(accelerator, trans);
  return (
    <>
      <Section title={trans.__('Made for')}>
        <div className="jp-Mlpack-Suggestion">
          <strong>{chosen ? hardwareWord(chosen, trans) : suggested}</strong>
          <p>{chosen ? trans.__('You chose this. The suggestion was %1: %2', suggested, reason) : reason}</p>
        </div>
        <Select
          label={trans.__('Build for')}
          value={chosen}
          options={[
            { value: '', label: trans.__('What is suggested: %1', suggested) },
            ...hardwareOptions(offers.accelerators, accelerator, trans)
          ]}
          hint={offers.accelerators.find(row => row.name === chosen)?.note}
          onChange={value => onChoose(setHardware(choices, value, count))}
        />
        {chosen !== '' && chosen !== 'cpu' && (
          <Field
            label={trans.__('How many')}
            type="number"
            value={count === null ? '' : String(count)}
            placeholder="1"
            problem={count !== null && count < 1 ? trans.__('One at least.') : ''}
            onChange={text => onChoose(setHardware(choices, chosen, text === '' ? null : Math.round(Number(text))))}
          />
        )}
      </Section>
      <Notices notices={notices} reveal={reveal} trans={trans} />
      <System plan={plan} choices={choices} offers={offers} onChoose={onChoose} trans={trans} />
      <Section title={trans.__('What was found')}>
        {differ(inspection.hardware) && (
          <p className="jp-Mlpack-Callout jp-mod-warn">
            {trans.__('The notebook declares one thing, its code asks for another.')}
          </p>
        )}
        <ul className="jp-Mlpack-List">
          <Fact
            label={trans.__('Declared')}
            value={declaredText(declared, trans)}
            evidence={declared.evidence}
            reveal={reveal}
            trans={trans}
          />
          <Fact
            label={trans.__('The code needs')}
            value={neededText(needed, trans)}
            evidence={needed.evidence}
            reveal={reveal}
            trans={trans}
          />
          {plan !== null && (
            <Fact
              label={trans.__('System of the image')}
              value={trans.__('%1, %2', plan.stack, plan.arch)}
              evidence={[]}
              reveal={reveal}
              trans={trans}
            />
          )}
        </ul>
      </Section>
    </>
  );
}
