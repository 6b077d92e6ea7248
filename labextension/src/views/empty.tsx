import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { mlpackIcon } from '../icons';

interface IEmptyProps {
  onBuilds: () => void;
  trans: TranslationBundle;
}

/** No notebook is open: what this panel is for. */
export function EmptyView({ onBuilds, trans }: IEmptyProps): React.JSX.Element {
  return (
    <div className="jp-Mlpack-Empty">
      <mlpackIcon.react tag="span" className="jp-Mlpack-Empty-icon" />
      <h3>{trans.__('From a notebook to a container')}</h3>
      <p>{trans.__('Open a notebook, and this panel shows what it needs and why.')}</p>
      <ol>
        <li>{trans.__('See the packages, files and hardware that were found.')}</li>
        <li>{trans.__('Build an image, without Docker and without root.')}</li>
        <li>{trans.__('Run it as a training, push it, or take it along.')}</li>
      </ol>
      <button type="button" className="jp-Mlpack-Button" onClick={onBuilds}>
        {trans.__('Show all builds')}
      </button>
    </div>
  );
}
