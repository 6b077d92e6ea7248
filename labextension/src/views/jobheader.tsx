import * as React from 'react';
import { problemOf } from '../problems';
import { Problem } from '../tokens';
import { modelOf } from '../trained';
import { durationText } from '../words';
import { CancelButton } from './cancelbutton';
import { ConfirmButton } from './confirm';
import { placeWord } from './engineselect';
import { IJobProps } from './job';
import { momentText } from './names';
import { shortValue } from './parameters';
import { ProblemCard } from './problem';
import { StateMark } from './statemark';
import { useNow } from './ticking';

/** What was run, where, how long, and what can be done with it. */
export function JobHeader({ model, run, places, trans, onAgain, onGone }: IJobProps): React.JSX.Element {
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const now = useNow(() => model.now(), run.ended === null);
  const attempt = (work: Promise<unknown>): void => {
    work.catch(error => setProblem(problemOf(error, trans)));
  };
  return (
    <div className="jp-Mlpack-Job-header">
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
        <Fact name={trans.__('Runs on')}>{placeWord(run, trans)}</Fact>
        {run.user && <Fact name={trans.__('Started by')}>{run.user}</Fact>}
      </dl>
      <Parameters run={run} trans={trans} />
      <div className="jp-Mlpack-Actions">
        <button type="button" className="jp-Mlpack-Button" onClick={onAgain}>
          {trans.__('Run again with changes …')}
        </button>
        {modelOf(run) && (
          <button
            type="button"
            className="jp-Mlpack-Button"
            title={trans.__('An image that answers requests with what this training left')}
            onClick={() => {
              model.choose(run.path, { purpose: 'inference', model: modelOf(run) });
              places.containerize(run.path);
            }}
          >
            {trans.__('Serve this model …')}
          </button>
        )}
        {run.ended === null ? (
          <CancelButton
            run={run}
            label={trans.__('Cancel')}
            question={trans.__('Stop this training? What it made so far stays.')}
            onCancel={() => attempt(model.cancel(run.id))}
            trans={trans}
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
    </div>
  );
}

/** What the run was given; all else were the image's defaults. */
function Parameters({ run, trans }: Pick<IJobProps, 'run' | 'trans'>): React.JSX.Element {
  const given = Object.entries(run.parameters);
  if (!given.length) {
    return <p className="jp-Mlpack-Soft">{trans.__('All parameters as the image has them.')}</p>;
  }
  return (
    <dl className="jp-Mlpack-Facts" aria-label={trans.__('Parameters')}>
      {given.map(([name, value]) => (
        <Fact key={name} name={name}>
          <code>{shortValue(value, 200)}</code>
        </Fact>
      ))}
    </dl>
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
