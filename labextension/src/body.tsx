/** What the panel shows of a notebook: its draft, the build that goes on, or what came of the last one. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Built } from './built';
import { lay } from './choices';
import { isOver } from './fold';
import { useModel } from './listening';
import { IPlaces } from './places';
import { problemOf } from './problems';
import { Action, Choices, Draft, IMlpack, Location, Problem } from './tokens';
import { modelsOf } from './trained';
import { DraftView } from './views/draft';
import { EmptyView } from './views/empty';
import { Header } from './views/header';
import { useKeptFocus } from './views/keptfocus';
import { useFollow } from './views/hooks';
import { NO_OFFERS } from './views/offers';
import { ProblemCard } from './views/problem';
import { headline, inNotebook, patch } from './views/shown';

interface IBodyProps {
  model: IMlpack;
  trans: TranslationBundle;
  places: IPlaces;
  path: string | null;
  /** Somebody can see it: only then it listens and asks. */
  active: boolean;
  /** The ended build whose card was left for the draft. */
  left: string | null;
  onLeave: (build: string | null) => void;
}

export function Body(props: IBodyProps): React.JSX.Element {
  const { model, places, path, active, trans } = props;
  useModel(model, active);
  if (model.problem !== null) {
    return (
      <div className="jp-Mlpack-Scroll">
        <ProblemCard problem={model.problem} trans={trans} onRetry={() => void model.refresh()} />
      </div>
    );
  }
  if (path === null) {
    return <EmptyView onBuilds={() => places.builds()} trans={trans} />;
  }
  return <NotebookBody key={path} {...props} path={path} />;
}

/** The body for one notebook. */
function NotebookBody(props: IBodyProps & { path: string }): React.JSX.Element {
  const { model, places, path, active, left, onLeave, trans } = props;
  const [tab, setTab] = React.useState('packages');
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const draft = model.draft(path);
  const run = draft.build === null ? null : model.run(draft.build);
  const drafting = run === null || (isOver(run.state) && left === run.id);
  const choices = lay(draft.saved, draft.choices);
  const title = useKeptFocus(drafting ? 'draft' : run.state);
  useFollow(model, active && run !== null && !drafting ? run.id : null);
  const unread = isUnread(draft);
  React.useEffect(() => {
    if (active && drafting && unread) {
      void model.inspect(path);
    }
  }, [model, path, active, drafting, unread]);
  const attempt = (work: Promise<unknown>): void => {
    setProblem(null);
    work.catch((error: unknown) => setProblem(problemOf(error, trans)));
  };
  const reveal = (location: Location): void => places.goTo(inNotebook(location, path));
  const act = (action: Action, location: Location | null): void => {
    if (action.kind === 'open-cell' && location !== null) {
      reveal(location);
    } else if (action.kind === 'retry') {
      model.choose(path, lay(run?.choices ?? {}, action.choices));
      attempt(model.build(path));
    } else {
      setTab('packages');
      onLeave(draft.build);
    }
  };
  return (
    <>
      <Header
        title={title}
        path={path}
        run={run}
        line={headline(draft, run, model.now(), trans)}
        busy={draft.busy !== null}
        onInspect={drafting ? () => void model.inspect(path) : null}
        onLast={drafting && run !== null ? () => onLeave(null) : null}
        trans={trans}
      />
      {problem && <ProblemCard problem={problem} trans={trans} onClose={() => setProblem(null)} />}
      {drafting ? (
        <DraftView
          draft={draft}
          choices={choices}
          offers={model.status ?? NO_OFFERS}
          models={modelsOf(model.runs, path, model.now(), trans)}
          tab={tab}
          onTab={setTab}
          onChoose={(next: Choices) => model.choose(path, patch(choices, next))}
          onKeep={() => attempt(model.keep(path))}
          onBuild={() => attempt(model.build(path))}
          onInspect={() => void model.inspect(path)}
          reveal={reveal}
          trans={trans}
        />
      ) : (
        <Built
          model={model}
          run={run}
          places={places}
          attempt={attempt}
          onAction={act}
          onAgain={() => onLeave(draft.build)}
          reveal={reveal}
          trans={trans}
        />
      )}
    </>
  );
}

/** Nothing is known of the notebook as it is now, and nothing is under way to change that. */
function isUnread({ inspection, busy, problem, stale }: Draft): boolean {
  return busy === null && (stale || (inspection === null && problem === null));
}
