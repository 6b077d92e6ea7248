import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Engine } from '../tokens';

interface IPurposesProps {
  purposes: readonly Engine[];
  chosen: string;
  onChoose: (purpose: string) => void;
  trans: TranslationBundle;
}

/** Training or inference; one that is not available says why. */
export function Purposes({ purposes, chosen, onChoose, trans }: IPurposesProps): React.JSX.Element {
  const group = React.useId();
  return (
    <div role="radiogroup" aria-label={trans.__('Purpose')}>
      {purposes.map(({ name, available, why }) => {
        const id = `${group}-${name}`;
        const { label, title } = purposeWord(name, trans);
        return (
          <div key={name} className={`jp-Mlpack-Choice${available ? '' : ' jp-mod-disabled'}`}>
            <input
              type="radio"
              id={id}
              name={group}
              checked={name === chosen}
              disabled={!available}
              aria-describedby={`${id}-why`}
              onChange={() => onChoose(name)}
            />
            <label htmlFor={id}>{label}</label>
            <span id={`${id}-why`} className="jp-Mlpack-Soft">
              {available ? title : why}
            </span>
          </div>
        );
      })}
    </div>
  );
}

function purposeWord(name: string, trans: TranslationBundle): { label: string; title: string } {
  switch (name) {
    case 'training':
      return { label: trans.__('Training'), title: trans.__('Runs the notebook, with parameters, to its outputs.') };
    case 'inference':
      return { label: trans.__('Inference'), title: trans.__('Serves what the notebook trained.') };
    default:
      return { label: name, title: '' };
  }
}
