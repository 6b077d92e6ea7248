import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { RunFold } from '../tokens';
import { Log } from './log';

interface IFoldedLogProps {
  fold: RunFold;
  /** Address of the whole log. */
  href: string;
  /** Whether it is open before anybody touched it. */
  initially: boolean;
  trans: TranslationBundle;
}

/** A run's log behind a heading; its lines are drawn only while it is open. */
export function FoldedLog({ fold, href, initially, trans }: IFoldedLogProps): React.JSX.Element {
  const [open, setOpen] = React.useState(initially);
  return (
    <details className="jp-Mlpack-Details" open={open} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{trans.__('Log')}</summary>
      {open && <Log lines={fold.log} cut={fold.cut} mark={null} href={href} trans={trans} />}
    </details>
  );
}
