/**
 * The state of a run, folded from its events. Pure: the same entries give the same fold in whatever pages they come,
 * also when some come twice. The server folds the same way (`tests/contract/`).
 */
import { Entry, Event, Failed, Image, MetricsRecorded, Phase, RunFold, RunState } from './tokens';

/** Lines of log that a fold keeps: the newest. */
export const LOG_LIMIT = 10_000;

/** A run of which nothing is known yet. */
export const EMPTY: RunFold = Object.freeze({
  seq: 0,
  phases: [],
  progress: null,
  notices: [],
  layers: [],
  image: null,
  failure: null,
  state: 'queued',
  exit_status: null,
  cell: null,
  metrics: {},
  log: [],
  cut: 0
});

/** `state` after `entries`; `state` itself stays as it was. The very same object when none of them is new. */
export function fold(state: RunFold, entries: readonly Entry[]): RunFold {
  const page = new Page(state);
  for (const entry of entries) {
    page.take(entry);
  }
  return page.result();
}

/** A page on its way into a state: the state and its lists are copied at most once a page, not once an event. */
class Page {
  constructor(private _state: RunFold) {}

  /** One more entry. What came already is passed over. */
  take(entry: Entry): void {
    if (entry.seq > this._state.seq) {
      if (!this._isOwn) {
        this._isOwn = true;
        this._state = { ...this._state };
      }
      this._state.seq = entry.seq;
      this._apply(entry.event, entry.at);
    }
  }

  /** The state, with the log's head cut off where it grew too long. */
  result(): RunFold {
    const excess = this._state.log.length - LOG_LIMIT;
    if (excess > 0) {
      this._change({ log: this._state.log.slice(excess), cut: this._state.cut + excess });
    }
    return this._state;
  }

  private _apply(event: Event, at: number): void {
    const state = this._state;
    switch (event.event) {
      case 'PhaseStarted':
        return this._begin(event.phase, at);
      case 'PhaseEnded':
        return this._end(event.phase, at, event.summary);
      case 'Progress':
        return this._change({ progress: event, state: begun(state.state) });
      case 'LogLines':
        return this._log(event.phase, event.lines);
      case 'Noticed':
        return this._change({ notices: this._with(state.notices, event.notice) });
      case 'LayerExported':
        return this._change({ layers: this._with(state.layers, event) });
      case 'BuildSucceeded':
        return this._succeed(event.image);
      case 'Failed':
        return this._fail(event, at);
      case 'JobChanged':
        return this._enter(event.state, event.exit_status, at);
      case 'CellStarted':
        return this._change({ cell: event });
      case 'MetricsRecorded':
        return this._record(event);
    }
  }

  private _begin(name: string, at: number): void {
    const phase: Phase = { name, began: at, ended: null, summary: '' };
    const phases = this._with(this._state.phases, phase);
    this._change({ phases, progress: null, state: begun(this._state.state) });
  }

  private _end(name: string, at: number, summary: string): void {
    const phases = this._state.phases.map(phase =>
      phase.name === name && phase.ended === null ? { ...phase, ended: at, summary } : phase
    );
    this._copied.add(phases);
    this._change({ phases, progress: null });
  }

  private _log(phase: string, lines: readonly string[]): void {
    const log = this._own(this._state.log);
    for (const text of lines) {
      log.push({ phase, text });
    }
    this._change({ log });
  }

  private _succeed(image: Image): void {
    this._change({ image, progress: null, state: 'succeeded' });
  }

  private _fail(failure: Failed, at: number): void {
    this._change({ failure, phases: closed(this._state.phases, at), progress: null, state: 'failed' });
  }

  private _enter(state: RunState, exit_status: number | null, at: number): void {
    const over = isOver(state);
    const progress = over ? null : this._state.progress;
    const phases = over ? closed(this._state.phases, at) : this._state.phases;
    this._change({ state, exit_status, progress, phases });
  }

  private _record(event: MetricsRecorded): void {
    const metrics = this._copied.has(this._state.metrics) ? this._state.metrics : { ...this._state.metrics };
    this._copied.add(metrics);
    for (const [name, value] of event.values) {
      metrics[name] = this._with(metrics[name] ?? [], { step: event.step, value });
    }
    this._change({ metrics });
  }

  private _change(part: Partial<RunFold>): void {
    Object.assign(this._state, part);
  }

  /** The list with one more item: a copy, or the list itself if this page made it. */
  private _with<T>(list: readonly T[], item: T): T[] {
    const own = this._own(list);
    own.push(item);
    return own;
  }

  private _own<T>(list: readonly T[]): T[] {
    if (this._copied.has(list)) {
      return list as T[];
    }
    const copy = list.slice();
    this._copied.add(copy);
    return copy;
  }

  private _isOwn = false;
  private _copied = new Set<unknown>();
}

/** Whether nothing more happens in this state. */
export function isOver(state: RunState): boolean {
  return state !== 'queued' && state !== 'running';
}

/** A state once something happened: whatever waited runs now. */
function begun(state: RunState): RunState {
  return state === 'queued' ? 'running' : state;
}

/** No phase goes on after the end. */
function closed(phases: Phase[], at: number): Phase[] {
  return phases.some(phase => phase.ended === null)
    ? phases.map(phase => (phase.ended === null ? { ...phase, ended: at } : phase))
    : phases;
}
