import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { problemOf } from '../problems';
import { IMlpack, Problem, Run, RunFold } from '../tokens';
import { durationText } from '../words';
import { Bar } from './bar';
import { useFollow } from './hooks';
import { ConfirmButton } from './confirm';
import { engineWord } from './engineselect';
import { JobFailure } from './jobfailure';
import { Log } from './log';
import { failingLine } from './logview';
import { Metrics } from './metrics';
import { momentText } from './names';
import { Outputs } from './outputs';
import { IPlaces } from '../places';
import { ProblemCard } from './problem';
import { StateMark } from './statemark';
import { useNow } from './ticking';

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
  useFollow(model, run.id);
  const fold = model.fold(run.id);
  const { failure, log } = fold;
  const mark = React.useMemo(() => failure && failingLine(log, failure), [log, failure]);
  return (
    <article className="jp-Mlpack-Job" aria-label={trans.__('Training with %1', run.image)}>
      <JobHeader {...props} />
      {run.ended === null && <CellProgress fold={fold} trans={trans} />}
      {failure && run.state === 'failed' && (
        <JobFailure failure={failure} path={run.path} reveal={places.goTo.bind(places)} trans={trans} />
      )}
      <Metrics metrics={fold.metrics} trans={trans} />
      <Outputs run={run} trans={trans} open={places.open} />
      <section aria-label={trans.__('Log')}>
        <h3>{trans.__('Log')}</h3>
        <Log lines={fold.log} cut={fold.cut} mark={mark} href={model.logUrl(run.id)} trans={trans} />
      </section>
    </article>
  );
}

function JobHeader({ model, run, places, trans, onAgain, onGone }: IJobProps): React.JSX.Element {
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const now = useNow(() => model.now(), run.ended === null);
  const attempt = (work: Promise<unknown>): void => {
    work.catch(error => setProblem(problemOf(error, trans)));
  };
  return (
    <header className="jp-Mlpack-Job-header">
      <h2>{run.image}</h2>
      <p role="status">
        <StateMark run={run} trans={trans} />
      </p>
      <dl className="jp-Mlpack-Facts">
        {run.path && (
          <Fact name={trans.__('Notebook')}>
            <button type="button" className="jp-Mlpack-Link" onClick={() => places.open(run.path)}>
              {run.path}
            </button>
          </Fact>
        )}
        {run.started !== null && <Fact name={trans.__('Started')}>{momentText(run.started)}</Fact>}
        {run.started !== null && (
          <Fact name={run.ended === null ? trans.__('Running for') : trans.__('Took')}>
            {durationText((run.ended ?? now) - run.started, trans)}
          </Fact>
        )}
        <Fact name={trans.__('Runs on')}>{engineWord(run.engine, trans)}</Fact>
        {run.user && <Fact name={trans.__('Started by')}>{run.user}</Fact>}
        {Object.entries(run.parameters).map(([name, value]) => (
          <Fact key={name} name={name}>
            <code>{JSON.stringify(value)}</code>
          </Fact>
        ))}
      </dl>
      <div className="jp-Mlpack-Actions">
        <button type="button" className="jp-Mlpack-Button" onClick={onAgain}>
          {trans.__('Run again with changes …')}
        </button>
        {run.ended === null ? (
          <ConfirmButton
            label={trans.__('Cancel')}
            question={trans.__('Stop this training? What it made so far stays.')}
            yes={trans.__('Stop it')}
            no={trans.__('Go on')}
            disabled={run.cancelling}
            onConfirm={() => attempt(model.cancel(run.id))}
          />
        ) : (
          <ConfirmButton
            label={trans.__('Remove from list')}
            question={trans.__('Forget this run? Its output folder stays.')}
            yes={trans.__('Forget it')}
            no={trans.__('Keep it')}
            onConfirm={() => attempt(model.remove(run.id, false).then(onGone))}
          />
        )}
      </div>
      {problem && <ProblemCard problem={problem} trans={trans} />}
    </header>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function CellProgress({ fold, trans }: { fold: RunFold; trans: TranslationBundle }): React.JSX.Element {
  const { cell } = fold;
  const text = cell ? trans.__('Cell %1 of %2', cell.index, cell.total) : trans.__('Getting ready …');
  return (
    <div className="jp-Mlpack-Job-progress">
      <Bar
        label={trans.__('Progress of the training')}
        value={cell ? (cell.index - 1) / cell.total : null}
        text={text}
      />
      <span>{text}</span>
    </div>
  );
}
