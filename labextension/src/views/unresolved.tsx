import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Unresolved } from '../tokens';
import { AddLine } from './addline';
import { Reveal, Why } from './place';
import { distributionProblem } from './rules';

interface IUnresolvedProps {
  item: Unresolved;
  onUse: (module: string, distribution: string) => void;
  onIgnore: (module: string) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** An imported name that nobody knows: the user says which distribution has it, or that the image may lack it. */
export function UnresolvedCard({ item, onUse, onIgnore, reveal, trans }: IUnresolvedProps): React.JSX.Element {
  const id = React.useId();
  return (
    <li className="jp-Mlpack-Decision" aria-labelledby={id}>
      <p id={id}>
        <code>{item.module}</code> {trans.__('is imported, but nothing says which package has it.')}
      </p>
      <p className="jp-Mlpack-Soft">
        <Why evidence={item.evidence} reveal={reveal} trans={trans} />
      </p>
      <AddLine
        label={trans.__('Package that provides %1', item.module)}
        placeholder={trans.__('Name of the package')}
        button={trans.__('Use it')}
        check={text => distributionProblem(text, trans)}
        onAdd={text => onUse(item.module, text)}
      />
      <div className="jp-Mlpack-Row jp-mod-wrap">
        {item.suggestion && (
          <button
            type="button"
            className="jp-Mlpack-Button"
            title={trans.__('A name that may be meant. Look it up first: anybody can register a name.')}
            onClick={() => onUse(item.module, item.suggestion)}
          >
            {trans.__('Use %1', item.suggestion)}
          </button>
        )}
        <button type="button" className="jp-Mlpack-Button" onClick={() => onIgnore(item.module)}>
          {trans.__('Leave it out')}
        </button>
      </div>
    </li>
  );
}
