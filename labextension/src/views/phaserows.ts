import { Phase, RunFold } from '../tokens';

/** The phases that every build goes through, in order. Others (`extend`, `publish`) show when they begin. */
const ORDER = ['inspect', 'resolve', 'stack', 'analyze', 'detect', 'restore', 'build', 'export'];

export type PhaseState = 'done' | 'current' | 'failed' | 'stopped' | 'ahead';

export interface IPhaseRow {
  name: string;
  state: PhaseState;
  phase: Phase | null;
}

/** The rows of the list: phases that began, then those that every build still has before it. */
export function phaseRows(fold: RunFold): IPhaseRow[] {
  const over = fold.state !== 'queued' && fold.state !== 'running';
  const last = fold.phases.length - 1;
  const began = fold.phases.map((phase, index): IPhaseRow => {
    const ended = !over ? phase.ended !== null : fold.state === 'succeeded' || index < last;
    const broken = fold.state === 'cancelled' ? 'stopped' : 'failed';
    return { name: phase.name, state: ended ? 'done' : over ? broken : 'current', phase };
  });
  const seen = began.map(row => row.name);
  const furthest = Math.max(-1, ...seen.map(name => ORDER.indexOf(name)));
  const ahead = ORDER.slice(furthest + 1).map((name): IPhaseRow => ({ name, state: 'ahead', phase: null }));
  return fold.state === 'succeeded' ? began : [...began, ...ahead];
}

/** How far a build is, from 0 to 1: by the clock if its time is known, by its phases if not. Never quite done. */
export function fraction(fold: RunFold, elapsed: number, expected: number | null): number {
  const most = 0.97;
  if (expected !== null && expected > 0) {
    return Math.min(most, elapsed / expected);
  }
  const rows = phaseRows(fold);
  const inside = fold.progress?.total ? fold.progress.done / fold.progress.total : 0;
  const done = rows.filter(row => row.state === 'done').length;
  return Math.min(most, (done + Math.min(1, inside)) / Math.max(1, rows.length));
}
