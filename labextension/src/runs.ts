/**
 * The list of runs, a copy of the server's. Answers may come late or in another order than the server gave them, so a
 * run only ever goes forward, and one that was removed does not come back.
 */
import { isOver } from './fold';
import { Run } from './tokens';

export class Runs {
  /** Newest first; a new array after every change. */
  get list(): readonly Run[] {
    return this._list;
  }

  get(id: string): Run | null {
    return this._byId.get(id) ?? null;
  }

  /** Whether anything waits or runs. */
  get active(): boolean {
    return this._list.some(run => !isOver(run.state));
  }

  /** Take a run from an answer. False when it says nothing new. */
  put(run: Run): boolean {
    const known = this._byId.get(run.id);
    if (this._removed.has(run.id) || (known && isOlder(run, known))) {
      return false;
    }
    this._fresh.add(run.id);
    this._byId.set(run.id, run);
    this._sort();
    return true;
  }

  /** Forget a run. False when it is not known. */
  drop(id: string): boolean {
    this._removed.add(id);
    if (this._byId.delete(id)) {
      this._sort();
      return true;
    }
    return false;
  }

  /** Must be called before the whole list is asked for: what comes in from then on is not missed in the answer. */
  expect(): void {
    this._fresh.clear();
  }

  /** Take the whole list. */
  replace(runs: readonly Run[]): void {
    const told = new Set(runs.map(run => run.id));
    for (const id of this._byId.keys()) {
      if (!told.has(id) && !this._fresh.has(id)) {
        this._byId.delete(id);
      }
    }
    for (const run of runs) {
      const known = this._byId.get(run.id);
      if (!this._removed.has(run.id) && !(known && isOlder(run, known))) {
        this._byId.set(run.id, run);
      }
    }
    this._sort();
  }

  private _sort(): void {
    this._list = [...this._byId.values()].sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  }

  private _byId = new Map<string, Run>();
  private _list: readonly Run[] = [];
  private _fresh = new Set<string>();
  private _removed = new Set<string>();
}

/** Whether what an answer says of a run was overtaken. */
function isOlder(run: Run, known: Run): boolean {
  return run.seq < known.seq || (isOver(known.state) && !isOver(run.state));
}
