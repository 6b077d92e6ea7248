import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Run, RunFold } from '../tokens';
import { aboutText, durationText } from '../words';
import { Bar } from './bar';
import { CancelButton } from './cancelbutton';
import { FoldedLog } from './foldedlog';
import { fraction } from './phaserows';
import { Phases } from './phases';
import { useNow } from './ticking';

interface IProgressProps {
  run: Run;
  fold: RunFold;
  /** The server's clock, in seconds. */
  now: () => number;
  logHref: string;
  onCancel: () => void;
  trans: TranslationBundle;
}

/** A build that waits or goes on: its time, its phases, its log, and the way to stop it. */
export function ProgressView({ run, fold, now, logHref, onCancel, trans }: IProgressProps): React.JSX.Element {
  const time = useNow(now, true);
  const elapsed = Math.max(0, time - (run.started ?? time));
  const waits = run.state === 'queued';
  const value = waits ? null : fraction(fold, elapsed, run.expected);
  return (
    <div className="jp-Mlpack-Progress">
      <div className="jp-Mlpack-Progress-head">
        <p role="status">{headline(run, trans)}</p>
        <span className="jp-Mlpack-Progress-time">
          {waits ? '' : [durationText(elapsed, trans), leftText(run, elapsed, trans)].filter(Boolean).join(' · ')}
        </span>
        <Bar label={trans.__('Progress of the build')} value={value} />
      </div>
      <div className="jp-Mlpack-Scroll">
        <Phases fold={fold} now={time} trans={trans} />
        <FoldedLog fold={fold} href={logHref} initially={true} trans={trans} />
      </div>
      <div className="jp-Mlpack-Footer">
        <div className="jp-Mlpack-Row jp-mod-end">
          <CancelButton
            run={run}
            label={run.cancelling ? trans.__('Stopping…') : trans.__('Cancel')}
            question={trans.__('Stop this build?')}
            onCancel={onCancel}
            trans={trans}
          />
        </div>
      </div>
    </div>
  );
}

function headline(run: Run, trans: TranslationBundle): string {
  if (run.cancelling) {
    return trans.__('Stopping…');
  }
  if (run.state === 'queued') {
    return run.position > 1
      ? trans._n('Waiting: %1 build before it', 'Waiting: %1 builds before it', run.position - 1)
      : trans.__('Waiting for its turn: it is next');
  }
  return run.image ? trans.__('Building %1', run.image) : trans.__('Building');
}

/** `about 20 s left`; nothing when nobody knows, or when it takes longer than it used to. */
function leftText(run: Run, elapsed: number, trans: TranslationBundle): string {
  if (run.expected === null) {
    return '';
  }
  const left = run.expected - elapsed;
  return left < 1 ? trans.__('nearly there') : trans.__('%1 left', aboutText(left, trans));
}
