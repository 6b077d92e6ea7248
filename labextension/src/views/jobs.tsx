import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IMlpack, Run } from '../tokens';
import { ageText, durationText } from '../words';
import { parametersText } from './parameters';
import { Job } from './job';
import { draftOf, JobDraft, trainable } from './jobdraft';
import { NewJob } from './newjob';
import { IPlaces } from '../places';
import { fileName } from './names';
import { ProblemCard } from './problem';
import { StateMark } from './statemark';
import { useNow } from './ticking';

/** What stands beside the list: a run, a form, or nothing. */
export interface JobsShown {
  run: string | null;
  form: JobDraft | null;
  /** Counts the forms that were opened, so that each begins afresh. */
  forms: number;
}

export interface IJobsProps {
  model: IMlpack;
  shown: JobsShown;
  places: IPlaces;
  trans: TranslationBundle;
  onShow(run: string | null): void;
  onForm(draft: JobDraft): void;
  onDraft(draft: JobDraft): void;
}

/** All trainings, and beside them one of them or the form of a new one. */
export function Jobs(props: IJobsProps): React.JSX.Element {
  const { model, shown, trans } = props;
  const jobs = model.runs.filter(run => run.kind === 'job');
  const ready = trainable(model.runs);
  const detail = shown.form !== null || shown.run !== null;
  const fresh = (): void =>
    props.onForm({ image: ready[0]?.image ?? '', path: ready[0]?.path ?? '', parameters: {}, engine: '' });
  return (
    <div className={`jp-Mlpack-Jobs${detail ? ' jp-mod-detail' : ''}`}>
      <div className="jp-Mlpack-Jobs-list">
        <div className="jp-Mlpack-ListHeader">
          <h1>{trans.__('Trainings')}</h1>
          <button type="button" className="jp-Mlpack-Button jp-mod-primary" onClick={fresh}>
            {trans.__('New training')}
          </button>
        </div>
        {model.problem && <ProblemCard problem={model.problem} trans={trans} onRetry={() => void model.refresh()} />}
        {!jobs.length && !model.problem && <NoJobs images={ready.length > 0} trans={trans} />}
        <JobList {...props} jobs={jobs} />
      </div>
      {detail && (
        <div className="jp-Mlpack-Jobs-detail">
          <button type="button" className="jp-Mlpack-Button jp-Mlpack-Jobs-back" onClick={() => props.onShow(null)}>
            {trans.__('All trainings')}
          </button>
          <Detail {...props} />
        </div>
      )}
    </div>
  );
}

function NoJobs({ images, trans }: { images: boolean; trans: TranslationBundle }): React.JSX.Element {
  return (
    <p className="jp-Mlpack-ListEmpty">
      {images
        ? trans.__('Nothing was trained yet. Press “New training”, choose an image, and start.')
        : trans.__('Nothing was trained yet, and there is no image to train with: containerize a notebook first.')}
    </p>
  );
}

function Detail(props: IJobsProps): React.JSX.Element | null {
  const { model, shown, trans } = props;
  if (shown.form) {
    return (
      <NewJob
        key={shown.forms}
        model={model}
        draft={shown.form}
        trans={trans}
        onDraft={props.onDraft}
        onStarted={run => props.onShow(run.id)}
        onClose={() => props.onShow(null)}
      />
    );
  }
  const run = shown.run === null ? null : model.run(shown.run);
  if (!run) {
    return <p className="jp-Mlpack-ListEmpty">{trans.__('This training is not known any more.')}</p>;
  }
  return (
    <Job
      key={run.id}
      model={model}
      run={run}
      places={props.places}
      trans={trans}
      onAgain={() => props.onForm(draftOf(run))}
      onGone={() => props.onShow(null)}
    />
  );
}

function JobList({ model, jobs, shown, trans, onShow }: IJobsProps & { jobs: readonly Run[] }): React.JSX.Element {
  const ticking = useNow(
    () => model.now(),
    jobs.some(job => job.ended === null)
  );
  const now = Math.max(ticking, model.now());
  return (
    <ul className="jp-Mlpack-JobList" aria-label={trans.__('Trainings')}>
      {jobs.map(job => (
        <li key={job.id}>
          <button
            type="button"
            className="jp-Mlpack-JobList-item"
            aria-current={shown.run === job.id && !shown.form ? 'true' : undefined}
            onClick={() => onShow(job.id)}
          >
            <StateMark run={job} trans={trans} />
            <span className="jp-Mlpack-JobList-name">{job.image}</span>
            <span className="jp-Mlpack-JobList-time">
              {job.started !== null && durationText((job.ended ?? now) - job.started, trans)}
            </span>
            <span className="jp-Mlpack-JobList-more jp-Mlpack-Soft">
              {[
                fileName(job.path),
                job.target,
                parametersText(job.parameters),
                ageText(now - (job.started ?? job.created), trans)
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
