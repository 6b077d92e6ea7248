import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Failed, Location } from '../tokens';
import { Reveal } from './place';
import { placeText } from './why';

export interface IJobFailureProps {
  failure: Failed;
  /** The notebook that was trained with, as the contents manager names it; empty if it is not known here. */
  path: string;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** Why a training failed: what happened, the evidence, the next step, and the way to the cell. */
export function JobFailure({ failure, path, reveal, trans }: IJobFailureProps): React.JSX.Element {
  const { what, where, why, hint, action } = failure;
  const cell = cellOf(failure, path);
  const leads = action.kind === 'open-cell' && action.label;
  return (
    <section className="jp-Mlpack-Card jp-mod-failure">
      <p className="jp-Mlpack-Card-state">{trans.__('Training failed')}</p>
      <h3 className="jp-Mlpack-Card-title" role="alert">
        {what}
      </h3>
      {where && <p>{where}</p>}
      {why && <pre className="jp-Mlpack-Evidence">{why}</pre>}
      {hint && <p>{hint}</p>}
      {cell && (
        <button type="button" className="jp-Mlpack-Button jp-mod-primary" onClick={() => reveal(cell)}>
          {leads || trans.__('Go to %1', placeText(cell, trans))}
        </button>
      )}
    </section>
  );
}

/** The cell to blame, in the notebook as it stands here: the job itself ran a copy of it. */
function cellOf({ location }: Failed, path: string): Location | null {
  return location && location.cell !== null && path ? { ...location, path } : null;
}
