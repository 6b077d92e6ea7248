import { undoIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices } from '../tokens';
import { dropModule, dropName, ListKey, setValue } from './choices';
import { Section } from './section';

interface IChosenProps {
  choices: Choices;
  onChoose: (choices: Choices) => void;
  trans: TranslationBundle;
}

/** What the user decided about packages, each with a way back. */
export function Chosen({ choices, onChoose, trans }: IChosenProps): React.JSX.Element | null {
  const rows = [
    ...Object.entries(choices.modules ?? {}).map(([module, name]) => ({
      text: trans.__('%1 comes from %2', module, name),
      without: dropModule(choices, module)
    })),
    ...named('packages', line => trans.__('%1 is added', line)),
    ...named('ignore', module => trans.__('%1 may be missing', module)),
    ...named('without', name => trans.__('%1 is left out', name)),
    ...named('system', name => trans.__('%1 is added to the system', name)),
    ...named('requirements', file => trans.__('All of %1 is added', file)),
    ...named('groups', group => trans.__('The group %1 is added', group)),
    ...(choices.conda
      ? [{ text: trans.__('Runs in the environment of %1', choices.conda), without: setValue(choices, 'conda', '') }]
      : [])
  ];
  function named(key: ListKey, text: (name: string) => string): { text: string; without: Choices }[] {
    return (choices[key] ?? []).map(name => ({ text: text(name), without: dropName(choices, key, name) }));
  }
  if (rows.length === 0) {
    return null;
  }
  return (
    <Section title={trans.__('Your choices')}>
      <ul className="jp-Mlpack-List">
        {rows.map(({ text, without }) => (
          <li key={text} className="jp-Mlpack-Row jp-mod-spread">
            <span>{text}</span>
            <button
              type="button"
              className="jp-Mlpack-IconButton"
              title={trans.__('Undo')}
              aria-label={trans.__('Undo: %1', text)}
              onClick={() => onChoose(without)}
            >
              <undoIcon.react tag="span" />
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
