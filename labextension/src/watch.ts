/**
 * Keeps the list of runs and the folds of those that are followed as the server has them. The events bus only hints
 * that a run has news; what it is, is always asked for. Lost hints are made good by a poll, while something goes on and
 * somebody can see the page.
 */
import { IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { isOver } from './fold';
import { Followers } from './followers';
import { isUnknown, UNREACHABLE } from './problems';
import { Runs } from './runs';
import { Service } from './service';
import { Changed, Run, RunFold, SCHEMA_ID } from './tokens';
import { IVisibility } from './visibility';

/** A message of the server's events bus. */
export type EventMessage = { readonly schema_id: string };

/** Milliseconds between looking for lost hints, and the longest while the server does not answer. */
const INTERVAL = 10_000;
const LONGEST = 60_000;
/** Milliseconds between reading the records of runs that nobody follows. */
const GLANCE = 1000;

export class Watch implements IDisposable {
  /**
   * @param events - the bus, null where there is none
   * @param told - called when a run or a fold changed
   */
  constructor(
    private _service: Service,
    events: ISignal<unknown, EventMessage> | null,
    private _visibility: IVisibility,
    private _told: () => void
  ) {
    this.followers = new Followers({
      run: id => this.runs.get(id),
      entries: (run, after) => _service.entries(run, after),
      told: (id, fold) => this._folded(id, fold),
      failed: (id, error) => this._unread(id, error)
    });
    this._poll = new Poll({
      name: 'jupyter-mlpack:runs',
      auto: false,
      factory: () => this.read(),
      frequency: { interval: INTERVAL, backoff: true, max: LONGEST },
      standby: () => _visibility.hidden
    });
    this._glance = new Throttler(() => this._readStale(), { limit: GLANCE, edge: 'trailing' });
    _service.changed.connect(this._onReach, this);
    events?.connect(this._onEvent, this);
  }

  readonly runs = new Runs();
  readonly followers: Followers;

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._poll.dispose();
      this._glance.dispose();
      this.followers.dispose();
      Signal.clearData(this);
    }
  }

  /** Read the whole list; asked for while it is being read, it is read once more after that. */
  read(): Promise<void> {
    this._again = true;
    this._reading ??= this._read().finally(() => (this._reading = null));
    return this._reading;
  }

  /** Take a run's record from an answer. */
  take(run: Run): void {
    if (this.runs.put(run)) {
      this.settle();
    }
  }

  /** A run is no more. */
  forget(id: string): void {
    this.runs.drop(id);
    this.followers.drop(id);
    this.settle();
  }

  follow(id: string): IDisposable {
    if (!this.runs.get(id)) {
      this._readSoon();
    }
    return this.followers.follow(id);
  }

  /** After any change: ask for events that are missing; poll as long as something goes on. */
  settle(): void {
    if (this._isDisposed) {
      return;
    }
    const { phase } = this._poll.state;
    const stopped = phase === 'constructed' || phase === 'stopped';
    // A server that was gone for a moment is looked for, too: else the page would say so until somebody asks.
    const waits = this.runs.active || this.followers.behind || this._service.problem?.code === UNREACHABLE;
    if (this._visibility.hidden || !waits) {
      void this._poll.stop();
    } else if (stopped) {
      void this._poll.schedule();
    }
    this._told();
  }

  private _onReach = (): void => this.settle();

  private _onEvent = (_: unknown, message: EventMessage): void => {
    const { id, seq, state } = message as Partial<Changed>;
    if (message.schema_id === SCHEMA_ID && id !== undefined) {
      this._hint(id, seq ?? 0, state ?? 'running');
    }
  };

  private _hint(id: string, seq: number, state: Run['state']): void {
    const run = this.runs.get(id);
    const seen = Math.max(run?.seq ?? 0, this._seen.get(id) ?? 0);
    if (run && seq <= seen && state === run.state) {
      return;
    }
    this._seen.set(id, Math.max(seen, seq));
    if (!run || state !== run.state || isOver(run.state)) {
      // Rare, and it changes more than this run: places in the queue, sizes, a removal.
      this._readSoon();
    }
    if (run && !this._visibility.hidden) {
      this._look(run, seq);
    }
  }

  /** See what is new in a run: its events if somebody follows it, else its record, now and then. */
  private _look(run: Run, seq: number): void {
    if (this.followers.has(run.id)) {
      this.followers.wake(run.id, seq);
    } else if (!isOver(run.state)) {
      this._stale.add(run.id);
      this._glance.invoke().catch(() => undefined);
    }
  }

  private async _readStale(): Promise<void> {
    const stale = [...this._stale];
    this._stale.clear();
    for (const id of stale) {
      const run = this.runs.get(id);
      if (run && !isOver(run.state) && !this._isDisposed) {
        await this._service.run(run).then(
          record => this.take(record),
          error => this._unread(id, error)
        );
      }
    }
  }

  /** Read the list without waiting; when that fails, the service says why. */
  private _readSoon(): void {
    this.read().catch(() => undefined);
  }

  private async _read(): Promise<void> {
    while (this._again && !this._isDisposed) {
      this._again = false;
      this.runs.expect();
      this.runs.replace(await this._service.runs());
      this.followers.catchUp();
      this.settle();
    }
  }

  private _folded(id: string, fold: RunFold): void {
    const run = this.runs.get(id);
    if (run && !isOver(run.state)) {
      const going = fold.phases.find(phase => phase.ended === null);
      this.runs.put({ ...run, seq: Math.max(run.seq, fold.seq), phase: going?.name ?? run.phase });
      if (fold.state !== run.state && fold.state !== 'queued') {
        this._readSoon();
      }
    }
    this.settle();
  }

  /** A run's record or events could not be read: it is gone, or will be asked for again. */
  private _unread(id: string, error: unknown): void {
    if (isUnknown(error)) {
      this.forget(id);
    } else {
      this.settle();
    }
  }

  private readonly _poll: Poll;
  private readonly _glance: Throttler;
  private readonly _seen = new Map<string, number>();
  private readonly _stale = new Set<string>();
  private _reading: Promise<void> | null = null;
  private _again = false;
  private _isDisposed = false;
}
