import { Run, RunState } from '../tokens';

/** What the list of builds can be ordered by. */
export type Column = 'image' | 'notebook' | 'state' | 'size' | 'age' | 'user' | 'took';

export interface Order {
  column: Column;
  /** From the greatest down. */
  down: boolean;
}

/** What the list of builds shows; an empty text and `all` leave nothing out. */
export interface Filter {
  text: string;
  state: RunState | 'all' | 'open';
}

const STATES: readonly RunState[] = ['running', 'queued', 'failed', 'cancelled', 'succeeded'];

/** The builds that fit, in order; those that are equal in it stay newest first. */
export function arrange(runs: readonly Run[], filter: Filter, order: Order, now: number): Run[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = runs.filter(run => run.kind === 'build' && inState(run, filter.state) && holds(run, words));
  const sign = order.down ? -1 : 1;
  return fitting.sort((one, other) => sign * compare(one, other, order.column, now) || other.created - one.created);
}

function inState(run: Run, state: Filter['state']): boolean {
  return state === 'all' || (state === 'open' ? run.ended === null : run.state === state);
}

function holds(run: Run, words: readonly string[]): boolean {
  const text = [run.image, run.path, run.user, run.digest].join(' ').toLowerCase();
  return words.every(word => text.includes(word));
}

function compare(one: Run, other: Run, column: Column, now: number): number {
  switch (column) {
    case 'image':
      return one.image.localeCompare(other.image);
    case 'notebook':
      return one.path.localeCompare(other.path);
    case 'state':
      return STATES.indexOf(one.state) - STATES.indexOf(other.state);
    case 'size':
      return one.size - other.size;
    case 'age':
      return other.created - one.created;
    case 'user':
      return one.user.localeCompare(other.user);
    case 'took':
      return seconds(one, now) - seconds(other, now);
  }
}

/** How long a run took, or has taken so far; 0 before it started. */
export function seconds(run: Run, now: number): number {
  return run.started === null ? 0 : (run.ended ?? now) - run.started;
}

/** The newest succeeded build of each notebook: those whose drift says something about what people use. */
export function newestOfNotebooks(runs: readonly Run[]): Set<string> {
  const newest = new Map<string, Run>();
  for (const run of runs) {
    const known = newest.get(run.path);
    if (run.kind === 'build' && run.state === 'succeeded' && run.path && !(known && known.created >= run.created)) {
      newest.set(run.path, run);
    }
  }
  return new Set([...newest.values()].map(run => run.id));
}
