import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Run } from '../tokens';
import { ConfirmButton } from './confirm';

interface ICancelButtonProps {
  run: Run;
  /** The button's own word. */
  label: string;
  /** What is asked before anything is stopped. */
  question: string;
  onCancel: () => void;
  trans: TranslationBundle;
}

/** Cancels a run, after asking; once that was asked for, it cannot be pressed again. */
export function CancelButton({ run, label, question, onCancel, trans }: ICancelButtonProps): React.JSX.Element {
  return (
    <ConfirmButton
      label={label}
      question={question}
      yes={trans.__('Stop it')}
      no={trans.__('Go on')}
      disabled={run.cancelling}
      onConfirm={onCancel}
    />
  );
}
