import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Run, RunState } from '../tokens';
import { stateWord } from '../words';

export interface IStateMarkProps {
  run: Pick<Run, 'state' | 'cancelling' | 'position'>;
  trans: TranslationBundle;
}

const SIGNS: { [state in RunState]: string } = {
  queued: '○',
  running: '●',
  succeeded: '✓',
  failed: '✕',
  cancelled: '–'
};

/** The state of a run as a sign and a word, so that neither colour nor shape alone has to be seen. */
export function StateMark({ run, trans }: IStateMarkProps): React.JSX.Element {
  return (
    <span className={`jp-Mlpack-RunState jp-mod-${run.state}`}>
      <span className="jp-Mlpack-RunState-sign" aria-hidden="true">
        {SIGNS[run.state]}
      </span>
      {stateText(run, trans)}
    </span>
  );
}

function stateText(run: IStateMarkProps['run'], trans: TranslationBundle): string {
  if (run.cancelling) {
    return trans.__('Cancelling …');
  }
  if (run.state === 'queued' && run.position > 0) {
    return trans.__('%1, place %2', stateWord(run.state, trans), run.position);
  }
  return stateWord(run.state, trans);
}
