import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Action, Failed, Run, RunFold } from '../tokens';
import { phaseWord } from '../words';
import { Log } from './log';
import { failingLine } from './logview';
import { Phases } from './phases';
import { Reveal } from './place';
import { placeText } from './why';

interface IFailureProps {
  run: Run;
  fold: RunFold;
  logHref: string;
  /** Do what mends it; `open-log` never comes here. */
  onAction: (action: Action) => void;
  onAgain: () => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** A build that failed or was stopped: what happened, where, the evidence, and the one thing that mends it. */
export function FailureCard(props: IFailureProps): React.JSX.Element {
  const { run, fold, reveal, trans } = props;
  const { failure } = fold;
  const stopped = run.state === 'cancelled';
  const line = React.useMemo(() => (failure ? failingLine(fold.log, failure) : null), [fold.log, failure]);
  const [open, setOpen] = React.useState(!stopped);
  const log = React.useRef<HTMLDetailsElement>(null);
  const act = (action: Action): void => {
    if (action.kind === 'open-log') {
      setOpen(true);
      log.current?.scrollIntoView({ block: 'nearest' });
      log.current?.querySelector<HTMLElement>('[role=log]')?.focus();
    } else {
      props.onAction(action);
    }
  };
  return (
    <>
      <div className="jp-Mlpack-Scroll">
        <section className={`jp-Mlpack-Card jp-mod-${stopped ? 'stopped' : 'failure'}`}>
          <p className="jp-Mlpack-Card-state">{stopped ? trans.__('Build stopped') : trans.__('Build failed')}</p>
          <div role="alert">
            <h3 className="jp-Mlpack-Card-title">
              {failure?.what || run.failure || trans.__('The build was stopped before it was done.')}
            </h3>
          </div>
          {failure && <Where failure={failure} phase={lastPhase(fold)} reveal={reveal} trans={trans} />}
          {failure?.why && <pre className="jp-Mlpack-Evidence">{failure.why}</pre>}
          {failure?.hint && <p>{failure.hint}</p>}
          {failure?.action.label && (
            <button
              type="button"
              className="jp-Mlpack-Button jp-mod-primary jp-mod-wide"
              onClick={() => act(failure.action)}
            >
              {failure.action.label}
            </button>
          )}
        </section>
        {fold.log.length > 0 && (
          <details
            ref={log}
            className="jp-Mlpack-Details"
            open={open}
            onToggle={event => setOpen(event.currentTarget.open)}
          >
            <summary>{trans.__('Log')}</summary>
            {open && <Log lines={fold.log} cut={fold.cut} mark={line} href={props.logHref} trans={trans} />}
          </details>
        )}
        <details className="jp-Mlpack-Details">
          <summary>{trans.__('Phases')}</summary>
          <Phases fold={fold} now={run.ended ?? 0} trans={trans} />
        </details>
      </div>
      <footer className="jp-Mlpack-Footer">
        <div className="jp-Mlpack-Row jp-mod-end">
          <button type="button" className="jp-Mlpack-Button" onClick={props.onAgain}>
            {trans.__('Build again')}
          </button>
        </div>
      </footer>
    </>
  );
}

interface IWhereProps {
  failure: Failed;
  phase: string;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** The cell to go to, the server's own word for the place, and the phase. */
function Where({ failure, phase, reveal, trans }: IWhereProps): React.JSX.Element {
  const { location, where } = failure;
  const { label, title } = phaseWord(phase, trans);
  return (
    <p className="jp-Mlpack-Where">
      {where && <span>{where}</span>}
      {location !== null && location.cell !== null && (
        <button type="button" className="jp-Mlpack-Link" onClick={() => reveal(location)}>
          {trans.__('Go to %1', placeText(location, trans))}
        </button>
      )}
      {phase && (
        <span className="jp-Mlpack-Soft" title={title}>
          {trans.__('Phase: %1', label)}
        </span>
      )}
    </p>
  );
}

function lastPhase(fold: RunFold): string {
  return fold.phases[fold.phases.length - 1]?.name ?? '';
}
