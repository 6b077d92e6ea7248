import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ProblemCard } from './problem';

interface IBoundaryProps {
  trans: TranslationBundle;
  children: React.ReactNode;
}

interface IBoundaryState {
  error: Error | null;
}

/** Keeps a view that cannot be drawn from taking the panel down: it says so, and can be drawn again. */
export class Boundary extends React.Component<IBoundaryProps, IBoundaryState> {
  state: IBoundaryState = { error: null };

  static getDerivedStateFromError(error: Error): IBoundaryState {
    return { error };
  }

  render(): React.ReactNode {
    const { trans, children } = this.props;
    const { error } = this.state;
    if (error === null) {
      return children;
    }
    const problem = {
      code: 'view-failed',
      message: trans.__('This part of the panel could not be drawn.'),
      where: '',
      why: error.message,
      hint: trans.__('Builds go on. If it happens again, reload the page and report this sentence.')
    };
    return (
      <div className="jp-Mlpack-Scroll">
        <ProblemCard problem={problem} trans={trans} onRetry={() => this.setState({ error: null })} />
      </div>
    );
  }
}
