import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { CellFate } from '../tokens';
import { Reveal } from './place';
import { Section } from './section';

interface IServedProps {
  cells: readonly CellFate[];
  reveal: Reveal;
  trans: TranslationBundle;
}

/** What an inference image keeps of each code cell and what it leaves out, with the reason. */
export function Served({ cells, reveal, trans }: IServedProps): React.JSX.Element {
  const kept = cells.filter(({ kept }) => kept !== 'none').length;
  return (
    <Section title={trans.__('Code that answers requests')} aside={trans.__('%1 of %2 cells', kept, cells.length)}>
      <p className="jp-Mlpack-Soft">
        {trans.__('Only what the predict function needs is run when the service starts; training is left out.')}
      </p>
      <ul className="jp-Mlpack-List">
        {cells.map(({ cell, kept, why }) => (
          <li key={cell} className="jp-Mlpack-Item">
            <div className="jp-Mlpack-Item-head">
              <button type="button" className="jp-Mlpack-Link" onClick={() => reveal({ path: '', cell, line: null })}>
                {trans.__('Cell %1', cell)}
              </button>
              <span className="jp-Mlpack-Version">{keptWord(kept, trans)}</span>
            </div>
            <div className="jp-Mlpack-Item-why">{why}</div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function keptWord(kept: string, trans: TranslationBundle): string {
  switch (kept) {
    case 'all':
      return trans.__('kept');
    case 'part':
      return trans.__('kept in part');
    default:
      return trans.__('left out');
  }
}
