import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Action, Failed } from '../tokens';
import { phaseWord } from '../words';
import { Reveal } from './place';
import { placeText } from './why';

interface IFailureTextProps {
  failure: Failed;
  /** The phase in which it happened; empty where there are none. */
  phase?: string;
  /** The evidence is a line of the log: shown as logs are. */
  verbatim?: boolean;
  /** Do what mends it; without this there is no button. */
  onAction?: (action: Action) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** Where it happened, the evidence, the next step, and the one button that takes it. */
export function FailureText(props: IFailureTextProps): React.JSX.Element {
  const { failure, phase, verbatim, onAction, reveal, trans } = props;
  return (
    <>
      <Where failure={failure} phase={phase ?? ''} reveal={reveal} trans={trans} />
      {failure.why && (
        <pre
          className={`jp-Mlpack-Evidence${verbatim ? ' jp-mod-verbatim' : ''}`}
          role="group"
          tabIndex={0}
          aria-label={trans.__('Evidence')}
        >
          {failure.why}
        </pre>
      )}
      {failure.hint && <p>{failure.hint}</p>}
      {onAction && failure.action.label && (
        <button
          type="button"
          className="jp-Mlpack-Button jp-mod-primary jp-mod-wide"
          onClick={() => onAction(failure.action)}
        >
          {failure.action.label}
        </button>
      )}
    </>
  );
}

interface IWhereProps {
  failure: Failed;
  phase: string;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** The server's own word for the place, the cell to go to, and the phase. */
function Where({ failure, phase, reveal, trans }: IWhereProps): React.JSX.Element | null {
  const { location, where } = failure;
  const cell = location !== null && location.cell !== null;
  if (!cell && !where && !phase) {
    return null;
  }
  const { label, title } = phaseWord(phase, trans);
  return (
    <p className="jp-Mlpack-Where">
      {where && <span>{where}</span>}
      {cell && (
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
