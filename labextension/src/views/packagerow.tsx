import { closeIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Dependency, PlannedPackage } from '../tokens';
import { sizeText } from '../words';
import { SourceBadge } from './badge';
import { Reveal, Why } from './place';

interface IPackageRowProps {
  item: Dependency;
  planned: PlannedPackage | undefined;
  onLeaveOut: (name: string) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** A package that the notebook needs: name, version, who says so, why, what it weighs. */
export function PackageRow({ item, planned, onLeaveOut, reveal, trans }: IPackageRowProps): React.JSX.Element {
  const extras = item.extras.length > 0 ? `[${item.extras.join(',')}]` : '';
  return (
    <li className="jp-Mlpack-Item jp-mod-package">
      <div className="jp-Mlpack-Item-head">
        <span className="jp-Mlpack-Name" title={item.name}>
          {item.name}
          {extras && <span className="jp-Mlpack-Soft">{extras}</span>}
        </span>
        <Version item={item} planned={planned} trans={trans} />
        <SourceBadge item={item} trans={trans} />
        <button
          type="button"
          className="jp-Mlpack-IconButton"
          title={trans.__('Leave %1 out of the image', item.name)}
          aria-label={trans.__('Leave %1 out of the image', item.name)}
          onClick={() => onLeaveOut(item.name)}
        >
          <closeIcon.react tag="span" />
        </button>
      </div>
      <div className="jp-Mlpack-Item-why">
        <Why evidence={item.evidence} reveal={reveal} trans={trans} />
        {planned !== undefined && planned.size > 0 && <Weight planned={planned} trans={trans} />}
      </div>
    </li>
  );
}

interface IVersionProps {
  item: Dependency;
  planned: PlannedPackage | undefined;
  trans: TranslationBundle;
}

/** The version that would be built; before there is a plan, what is asked for. */
function Version({ item, planned, trans }: IVersionProps): React.JSX.Element {
  const asked = item.specifier.trim();
  if (planned !== undefined) {
    return (
      <span className="jp-Mlpack-Version" title={asked ? trans.__('Asked for: %1', asked) : undefined}>
        {planned.version}
      </span>
    );
  }
  return <span className="jp-Mlpack-Version">{asked.replace(/^==/, '') || trans.__('newest')}</span>;
}

/** Its size, and whether its bytes are here already. */
export function Weight({ planned, trans }: { planned: PlannedPackage; trans: TranslationBundle }): React.JSX.Element {
  const title = planned.reused ? trans.__('Its bytes are here already') : trans.__('To be downloaded or built');
  return (
    <span className={`jp-Mlpack-Weight${planned.reused ? ' jp-mod-reused' : ''}`} title={title}>
      {sizeText(planned.size)}
    </span>
  );
}
