import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { PlannedPackage } from '../tokens';
import { Weight } from './packagerow';

interface IOthersProps {
  packages: readonly PlannedPackage[];
  /** Show them without being asked: somebody filters for one. */
  open: boolean;
  trans: TranslationBundle;
}

/** The packages that come along because others need them. */
export function Others({ packages, open, trans }: IOthersProps): React.JSX.Element | null {
  const [shown, setShown] = React.useState(false);
  if (packages.length === 0) {
    return null;
  }
  return (
    <details
      className="jp-Mlpack-Details"
      open={open || shown}
      onToggle={event => !open && setShown(event.currentTarget.open)}
    >
      <summary>{trans._n('and %1 that these need', 'and %1 that these need', packages.length)}</summary>
      {(open || shown) && (
        <ul className="jp-Mlpack-List jp-mod-dense">
          {packages.map(item => (
            <li key={item.name}>
              <span className="jp-Mlpack-Name">{item.name}</span>
              <span className="jp-Mlpack-Version">{item.version}</span>
              {item.size > 0 && <Weight planned={item} trans={trans} />}
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
