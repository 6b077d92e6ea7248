import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Run, RunFold } from '../tokens';
import { phaseWord, progressText } from '../words';
import { Bar } from './bar';

export interface IBuildProgressProps {
  run: Pick<Run, 'image' | 'phase' | 'state'>;
  fold: Pick<RunFold, 'progress'>;
  trans: TranslationBundle;
}

/** Where a build is: its phase, and how far the phase is. */
export function BuildProgress({ run, fold, trans }: IBuildProgressProps): React.JSX.Element | null {
  if (run.state !== 'running' || !run.phase) {
    return null;
  }
  const { progress } = fold;
  const { label, title } = phaseWord(run.phase, trans);
  return (
    <span className="jp-Mlpack-BuildProgress" title={title}>
      <span className="jp-Mlpack-Soft">
        {progress ? trans.__('%1, %2', label, progressText(progress, trans)) : label}
      </span>
      <Bar
        label={trans.__('Progress of %1', run.image)}
        value={progress?.total ? progress.done / progress.total : null}
        text={label}
      />
    </span>
  );
}
