import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Action, Run, RunFold } from '../tokens';
import { FailureText } from './failuretext';
import { Log } from './log';
import { failingLine, isEvidence } from './logview';
import { Phases } from './phases';
import { Reveal } from './place';

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
      log.current?.querySelector<HTMLElement>('summary')?.focus();
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
          {failure && (
            <FailureText
              failure={failure}
              verbatim={line !== null && isEvidence(fold.log[line], failure)}
              phase={fold.phases[fold.phases.length - 1]?.name}
              onAction={act}
              reveal={reveal}
              trans={trans}
            />
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
      <div className="jp-Mlpack-Footer">
        <div className="jp-Mlpack-Row jp-mod-end">
          <button type="button" className="jp-Mlpack-Button" onClick={props.onAgain}>
            {trans.__('Build again')}
          </button>
        </div>
      </div>
    </>
  );
}
