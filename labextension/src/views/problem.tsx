import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Problem } from '../tokens';

interface IProblemProps {
  problem: Problem;
  trans: TranslationBundle;
  onRetry?: () => void;
  onClose?: () => void;
}

/** What the server says when it refuses: what, where, why, and the next step. */
export function ProblemCard({ problem, trans, onRetry, onClose }: IProblemProps): React.JSX.Element {
  return (
    <section className="jp-Mlpack-Callout jp-mod-error" role="alert">
      <p className="jp-Mlpack-Callout-title">{problem.message}</p>
      {problem.where && <p className="jp-Mlpack-Soft">{problem.where}</p>}
      {problem.why && (
        <pre className="jp-Mlpack-Evidence" role="group" tabIndex={0} aria-label={trans.__('Evidence')}>
          {problem.why}
        </pre>
      )}
      {problem.hint && <p>{problem.hint}</p>}
      {onRetry && (
        <button type="button" className="jp-Mlpack-Button" onClick={onRetry}>
          {trans.__('Try again')}
        </button>
      )}
      {onClose && (
        <button type="button" className="jp-Mlpack-Button jp-mod-quiet" onClick={onClose}>
          {trans.__('Close')}
        </button>
      )}
    </section>
  );
}
