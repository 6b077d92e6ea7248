import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IPlaces } from '../places';
import { Action, IMlpack, Run, RunFold } from '../tokens';
import { progressText } from '../words';
import { Bar } from './bar';
import { useFollow } from './hooks';
import { JobFailure } from './jobfailure';
import { JobHeader } from './jobheader';
import { Log } from './log';
import { failingLine } from './logview';
import { Metrics } from './metrics';
import { Outputs } from './outputs';

export interface IJobProps {
  model: IMlpack;
  run: Run;
  places: IPlaces;
  trans: TranslationBundle;
  /** Fill a form with what this one ran with. */
  onAgain(): void;
  /** The run was forgotten. */
  onGone(): void;
}

/** One training: how far it is, what it measured, what it made, what it said. */
export function Job(props: IJobProps): React.JSX.Element {
  const { model, run, places, trans } = props;
  const place = React.useRef<HTMLElement>(null);
  useFollow(model, run.id);
  const fold = model.fold(run.id);
  const { failure, log } = fold;
  const mark = React.useMemo(() => failure && failingLine(log, failure), [log, failure]);
  const act = ({ kind }: Action): void => {
    switch (kind) {
      case 'open-log':
        return place.current?.querySelector<HTMLElement>('[role=log]')?.focus();
      case 'open-packages':
        return places.containerize(run.path);
      default:
        return props.onAgain();
    }
  };
  return (
    <article className="jp-Mlpack-Job" aria-label={trans.__('Training with %1', run.image)}>
      <JobHeader {...props} />
      {run.ended === null && <CellProgress fold={fold} trans={trans} />}
      {run.state === 'failed' && !failure && <p>{run.failure}</p>}
      {run.state === 'failed' && failure && (
        <JobFailure
          failure={failure}
          path={run.path}
          reveal={location => places.goTo(location)}
          trans={trans}
          onAction={act}
        />
      )}
      <Metrics metrics={fold.metrics} trans={trans} />
      <Outputs run={run} trans={trans} open={path => places.open(path)} />
      <section ref={place} aria-label={trans.__('Log')}>
        <h3>{trans.__('Log')}</h3>
        <Log lines={fold.log} cut={fold.cut} mark={mark} href={model.logUrl(run.id)} trans={trans} />
      </section>
    </article>
  );
}

function CellProgress({ fold, trans }: { fold: RunFold; trans: TranslationBundle }): React.JSX.Element {
  const { text, value } = howFar(fold, trans);
  return (
    <div className="jp-Mlpack-Job-progress">
      <Bar label={trans.__('Progress of the training')} value={value} text={text} />
      <span>{text}</span>
    </div>
  );
}

/** The cell that runs; before the first, how much of the image is unpacked. */
function howFar({ cell, progress }: RunFold, trans: TranslationBundle): { text: string; value: number | null } {
  if (cell) {
    return { text: trans.__('Cell %1 of %2', cell.index, cell.total), value: (cell.index - 1) / cell.total };
  }
  if (progress?.total && progress.done < progress.total) {
    const text = trans.__('Unpacking the image: %1', progressText(progress, trans));
    return { text, value: progress.done / progress.total };
  }
  return { text: trans.__('Getting ready …'), value: null };
}
