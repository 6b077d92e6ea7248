import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Evidence } from '../tokens';
import { Reveal, Why } from './place';

interface IFactProps {
  label: string;
  value: string;
  evidence: readonly Evidence[];
  reveal: Reveal;
  trans: TranslationBundle;
}

/** A statement: what it is about, what is said, and by what. */
export function Fact({ label, value, evidence, reveal, trans }: IFactProps): React.JSX.Element {
  return (
    <li className="jp-Mlpack-Fact">
      <span className="jp-Mlpack-Soft">{label}</span>
      <span>{value}</span>
      <span className="jp-Mlpack-Soft">
        <Why evidence={evidence} reveal={reveal} trans={trans} />
      </span>
    </li>
  );
}
