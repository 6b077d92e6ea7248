import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Progress, RunFold } from '../tokens';
import { durationText, phaseWord, progressText } from '../words';
import { Bar } from './bar';
import { IPhaseRow, PhaseState, phaseRows } from './phaserows';

interface IPhasesProps {
  fold: RunFold;
  now: number;
  trans: TranslationBundle;
}

/** The phases in plain words, each with a sign, a colour, what came of it, and how far it is while it goes on. */
export function Phases({ fold, now, trans }: IPhasesProps): React.JSX.Element {
  return (
    <ol className="jp-Mlpack-Phases" aria-label={trans.__('Phases of the build')}>
      {phaseRows(fold).map((row, index) => (
        <PhaseItem key={`${row.name}-${index}`} row={row} progress={fold.progress} now={now} trans={trans} />
      ))}
    </ol>
  );
}

interface IPhaseItemProps {
  row: IPhaseRow;
  progress: Progress | null;
  now: number;
  trans: TranslationBundle;
}

function PhaseItem({ row, progress, now, trans }: IPhaseItemProps): React.JSX.Element {
  const { label, title } = phaseWord(row.name, trans);
  const current = row.state === 'current';
  const time = row.phase === null ? 0 : (row.phase.ended ?? now) - row.phase.began;
  const inside = current && progress?.phase === row.name ? progress : null;
  const note = inside ? progressText(inside, trans) : (row.phase?.summary ?? '');
  return (
    <li className={`jp-Mlpack-Phase jp-mod-${row.state}`} aria-current={current ? 'step' : undefined}>
      <span className="jp-Mlpack-Phase-sign" role="img" aria-label={stateText(row.state, trans)} />
      <span className="jp-Mlpack-Phase-label" title={title}>
        {label}
      </span>
      <span className="jp-Mlpack-Phase-note" title={note}>
        {note}
      </span>
      <span className="jp-Mlpack-Phase-time">{time >= 1 ? durationText(time, trans) : ''}</span>
      {inside !== null && inside.total !== null && (
        <Bar
          label={label}
          value={inside.total > 0 ? inside.done / inside.total : null}
          text={progressText(inside, trans)}
        />
      )}
    </li>
  );
}

function stateText(state: PhaseState, trans: TranslationBundle): string {
  switch (state) {
    case 'done':
      return trans.__('Done');
    case 'current':
      return trans.__('Going on');
    case 'failed':
      return trans.__('Failed');
    case 'stopped':
      return trans.__('Stopped');
    case 'ahead':
      return trans.__('Not begun');
  }
}
