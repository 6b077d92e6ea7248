/** The runs whose events are followed, and the folds of those that were: going back to one shows it at once. */
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { EMPTY, isOver } from './fold';
import { Follower } from './follower';
import { Entries, Run, RunFold } from './tokens';

/** How many folds are kept that nobody follows any more. */
const KEPT = 8;

/** What followers need of their surroundings. */
export interface ISurroundings {
  run(id: string): Run | null;
  /** A page of a run's events after a number. */
  entries(run: Run, after: number): Promise<Entries>;
  /** A fold changed. */
  told(id: string, fold: RunFold): void;
  /** Asking failed. */
  failed(id: string, error: unknown): void;
}

interface IHeld {
  follower: Follower;
  holders: number;
  failed: boolean;
}

export class Followers implements IDisposable {
  constructor(private _surroundings: ISurroundings) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._held.forEach(({ follower }) => follower.dispose());
    this._held.clear();
  }

  fold(id: string): RunFold {
    return this._held.get(id)?.follower.fold ?? EMPTY;
  }

  /** Whether somebody follows the run. */
  has(id: string): boolean {
    return (this._held.get(id)?.holders ?? 0) > 0;
  }

  /** Whether a followed run has events that could not be read. */
  get behind(): boolean {
    return [...this._held].some(([id, { failed }]) => failed && this.has(id));
  }

  follow(id: string): IDisposable {
    const held = this._held.get(id) ?? this._make(id);
    held.holders += 1;
    this.wake(id, 0);
    return new DisposableDelegate(() => {
      held.holders -= 1;
      this._tidy();
    });
  }

  /** There may be news of the run, up to event `seq`. */
  wake(id: string, seq: number): void {
    const run = this._surroundings.run(id);
    if (run && this.has(id) && !this._isRead(run)) {
      this._held.get(id)?.follower.wake(seq);
    }
  }

  /** Ask for whatever the list of runs says there is more of. */
  catchUp(): void {
    for (const [id, { follower, failed }] of this._held) {
      const run = this._surroundings.run(id);
      if (run && (run.seq > follower.fold.seq || failed)) {
        this.wake(id, run.seq);
      }
    }
  }

  /** A run is gone: ask for it no more. What was folded stays for those who look at it. */
  drop(id: string): void {
    this._held.get(id)?.follower.dispose();
  }

  private _isRead(run: Run): boolean {
    return isOver(run.state) && this.fold(run.id).seq >= run.seq;
  }

  private _make(id: string): IHeld {
    const surroundings = this._surroundings;
    const ask = (after: number): Promise<Entries> => {
      const run = surroundings.run(id);
      return run ? surroundings.entries(run, after) : Promise.resolve({ entries: [], more: false });
    };
    const told = (): void => {
      held.failed = false;
      surroundings.told(id, held.follower.fold);
    };
    const failed = (error: unknown): void => {
      held.failed = true;
      surroundings.failed(id, error);
    };
    const held: IHeld = { follower: new Follower(ask, told, failed), holders: 0, failed: false };
    this._held.set(id, held);
    return held;
  }

  /** Let go of the oldest folds that nobody follows. */
  private _tidy(): void {
    const free = [...this._held].filter(([, { holders }]) => holders === 0);
    for (const [id, { follower }] of free.slice(0, Math.max(0, free.length - KEPT))) {
      follower.dispose();
      this._held.delete(id);
    }
  }

  private _held = new Map<string, IHeld>();
  private _isDisposed = false;
}
