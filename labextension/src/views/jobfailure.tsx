import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Action, Failed } from '../tokens';
import { FailureText } from './failuretext';
import { Reveal } from './place';

export interface IJobFailureProps {
  failure: Failed;
  /** The notebook that was trained with, as the contents manager names it; empty if it is not known here. */
  path: string;
  reveal: Reveal;
  trans: TranslationBundle;
  /** Do what mends it; `open-cell` never comes here. */
  onAction(action: Action): void;
}

/** Why a training failed: what happened, the evidence, the next step, and the way to the cell. */
export function JobFailure({ failure, path, reveal, trans, onAction }: IJobFailureProps): React.JSX.Element {
  // The job ran a copy of the notebook: its cell is shown in the notebook as it stands here.
  const cell = failure.location && failure.location.cell !== null && path ? { ...failure.location, path } : null;
  const leads = failure.action.kind === 'open-cell';
  const shown = { ...failure, location: leads ? null : cell };
  const act = (action: Action): void => (leads && cell ? reveal(cell) : onAction(action));
  return (
    <section className="jp-Mlpack-Card jp-mod-failure">
      <p className="jp-Mlpack-Card-state">{trans.__('Training failed')}</p>
      <div role="alert">
        <h3 className="jp-Mlpack-Card-title">{failure.what}</h3>
      </div>
      <FailureText failure={shown} reveal={reveal} trans={trans} onAction={leads && !cell ? undefined : act} />
    </section>
  );
}
