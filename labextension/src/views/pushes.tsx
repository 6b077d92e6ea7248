import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IMlpack, Run } from '../tokens';
import { useFollow } from './hooks';
import { DeliveryState } from './push';

export interface IPushesProps {
  model: IMlpack;
  build: Run;
  trans: TranslationBundle;
  attempt(work: Promise<unknown>): void;
}

/** Where a build's image was pushed to, newest first. */
export function Pushes({ model, build, trans, attempt }: IPushesProps): React.JSX.Element | null {
  const runs = model.runs.filter(
    run => run.kind === 'delivery' && run.image === build.image && run.digest === build.digest
  );
  if (!runs.length) {
    return null;
  }
  return (
    <ul className="jp-Mlpack-Pushes" aria-label={trans.__('Pushes')}>
      {runs.map(run => (
        <Push key={run.id} model={model} run={run} trans={trans} attempt={attempt} />
      ))}
    </ul>
  );
}

function Push({ model, run, trans, attempt }: Omit<IPushesProps, 'build'> & { run: Run }): React.JSX.Element {
  useFollow(model, run.id);
  return (
    <li>
      <DeliveryState run={run} fold={model.fold(run.id)} trans={trans} />
      {run.ended === null && (
        <button
          type="button"
          className="jp-Mlpack-Button"
          disabled={run.cancelling}
          onClick={() => attempt(model.cancel(run.id))}
        >
          {trans.__('Cancel')}
        </button>
      )}
    </li>
  );
}
