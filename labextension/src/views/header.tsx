import { refreshIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Run } from '../tokens';
import { stateWord } from '../words';

interface IHeaderProps {
  path: string;
  /** The build that is shown or could be; null when there was none. */
  run: Run | null;
  /** What is known of the notebook in a line. */
  line: string;
  busy: boolean;
  /** Read the notebook anew; null while that is of no use. */
  onInspect: (() => void) | null;
  /** From the draft back to the last build's card; null where that is shown already. */
  onLast: (() => void) | null;
  /** The notebook's name: takes the focus when what had it is gone. */
  title: React.RefObject<HTMLHeadingElement>;
  trans: TranslationBundle;
}

/** Which notebook this is about. */
export function Header(props: IHeaderProps): React.JSX.Element {
  const { path, run, line, busy, onInspect, onLast, trans } = props;
  const name = path.split('/').pop() ?? path;
  return (
    <div className="jp-Mlpack-Header">
      <div className="jp-Mlpack-Header-name">
        <h2 ref={props.title} tabIndex={-1} title={path}>
          {name}
        </h2>
        <p className="jp-Mlpack-Soft">{line}</p>
      </div>
      {run !== null && onLast !== null && (
        <button
          type="button"
          className={`jp-Mlpack-Last jp-mod-${run.state}`}
          title={trans.__('Show the last build')}
          aria-label={trans.__('Last build: %1', stateWord(run.state, trans))}
          onClick={onLast}
        >
          {trans.__('Last build')}
        </button>
      )}
      {onInspect !== null && (
        <button
          type="button"
          className={`jp-Mlpack-IconButton${busy ? ' jp-mod-busy' : ''}`}
          title={trans.__('Read the notebook again')}
          aria-label={trans.__('Read the notebook again')}
          onClick={onInspect}
        >
          <refreshIcon.react tag="span" />
        </button>
      )}
    </div>
  );
}
