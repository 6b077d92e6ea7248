import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Evidence } from '../tokens';
import { Reveal, Why } from './place';

interface IItemProps {
  name: string;
  /** A word beside the name: a size, a source. */
  aside?: string;
  evidence: readonly Evidence[];
  reveal: Reveal;
  trans: TranslationBundle;
}

/** A thing that was found: its name, a word about it, and why. */
export function Item({ name, aside, evidence, reveal, trans }: IItemProps): React.JSX.Element {
  return (
    <li className="jp-Mlpack-Item">
      <div className="jp-Mlpack-Item-head">
        <span className="jp-Mlpack-Name">{name}</span>
        {aside && <span className="jp-Mlpack-Version">{aside}</span>}
      </div>
      <div className="jp-Mlpack-Item-why">
        <Why evidence={evidence} reveal={reveal} trans={trans} />
      </div>
    </li>
  );
}
