/**
 * What is known and decided of each notebook before a build. Inspection and plan are asked for one after the other; an
 * answer that was overtaken by a newer question is dropped.
 */
import { PromiseDelegate } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { TranslationBundle } from '@jupyterlab/translation';
import { differ, lay } from './choices';
import { INotebooks } from './notebooks';
import { problemOf, RequestFailed } from './problems';
import { Service } from './service';
import { Choices, Draft, Run } from './tokens';

/** Milliseconds to wait for further calls before asking: calls come in swarms, choices while somebody types. */
export const SOON = 50;
export const PAUSE = 400;

/** A notebook's draft, and the question that is open. `turn` counts questions: only the last one's answers count. */
interface IHeld {
  draft: Draft;
  turn: number;
  abort: AbortController | null;
  timer: ReturnType<typeof setTimeout> | null;
  settled: PromiseDelegate<void> | null;
  building: Promise<Run | null> | null;
}

export class Drafts implements IDisposable {
  /**
   * @param newest - a notebook's newest build
   * @param told - called when a draft changed
   */
  constructor(
    private _service: Service,
    private _notebooks: INotebooks,
    private _trans: TranslationBundle,
    private _newest: (path: string) => string | null,
    private _told: () => void
  ) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    for (const held of this._held.values()) {
      this._stop(held);
      held.settled?.resolve();
    }
  }

  get(path: string): Draft {
    const held = this._find(path);
    const build = this._newest(path);
    if (build !== held.draft.build) {
      held.draft = { ...held.draft, build };
    }
    return held.draft;
  }

  /** Ask anew, soon. Resolves when the last question asked has its answer. */
  inspect(path: string, wait = SOON): Promise<void> {
    const held = this._find(path);
    if (this._isDisposed || held.building) {
      return Promise.resolve();
    }
    this._stop(held);
    held.settled = held.settled ?? new PromiseDelegate<void>();
    held.timer = setTimeout(() => void this._ask(held), wait);
    this._set(held, { busy: 'inspection' });
    return held.settled.promise;
  }

  choose(path: string, choices: Choices): void {
    const held = this._find(path);
    const laid = lay(held.draft.choices, choices);
    this._set(held, { choices: laid, unsaved: differ(laid, held.draft.saved) });
    void this.inspect(path, PAUSE);
  }

  async keep(path: string): Promise<void> {
    const held = this._find(path);
    const { choices } = held.draft;
    try {
      await this._notebooks.keep(path, { ...choices });
    } catch (error) {
      throw new RequestFailed(this._unkept(error));
    }
    const saved = lay(held.draft.saved, choices);
    // What was chosen while the notebook was saved stays a choice.
    const left = held.draft.choices === choices ? {} : held.draft.choices;
    this._set(held, { saved, choices: left, unsaved: differ(left, saved) });
  }

  /** The notebook was saved: what is known of it may be of yesterday. Whoever looks at it asks anew. */
  age(path: string): void {
    const held = this._held.get(path);
    if (held && !held.draft.stale) {
      this._set(held, { stale: true });
    }
  }

  /** The notebook has another name; what was decided goes with it. */
  rename(was: string, path: string): void {
    const held = this._held.get(was);
    if (held) {
      this._held.delete(was);
      this._held.set(path, held);
      this._stop(held);
      held.settled?.resolve();
      held.settled = null;
      this._set(held, { path, stale: true, busy: held.building ? 'build' : null });
    }
  }

  /** Save the notebook and start a build. A second call while the first is under way is the first. */
  build(path: string, start: (path: string, choices: Choices) => Promise<Run>): Promise<Run | null> {
    const held = this._find(path);
    held.building ??= this._build(held, start).finally(() => (held.building = null));
    return held.building;
  }

  private async _build(held: IHeld, start: (path: string, choices: Choices) => Promise<Run>): Promise<Run | null> {
    this._stop(held);
    held.settled?.resolve();
    held.settled = null;
    const { path, choices } = held.draft;
    this._set(held, { busy: 'build', problem: null, stale: true });
    try {
      await this._notebooks.save(path);
      const run = await start(path, choices);
      this._set(held, { busy: null });
      return run;
    } catch (error) {
      this._set(held, { busy: null, problem: problemOf(error, this._trans) });
      return null;
    }
  }

  private async _ask(held: IHeld): Promise<void> {
    const turn = held.turn;
    const { path, choices } = held.draft;
    const { signal } = (held.abort = new AbortController());
    this._set(held, { stale: false });
    try {
      const { inspection, choices: saved } = await this._service.inspect(path, choices, signal);
      if (turn !== held.turn) {
        return;
      }
      const unsaved = differ(held.draft.choices, saved);
      this._set(held, { inspection, saved, unsaved, busy: 'plan', problem: null });
      const plan = await this._service.plan(path, choices, signal);
      if (turn === held.turn) {
        this._set(held, { plan, busy: null });
      }
    } catch (error) {
      if (turn === held.turn) {
        this._fail(held, error);
      }
    }
    if (turn === held.turn) {
      held.settled?.resolve();
      held.settled = null;
    }
  }

  /** What an answer told no longer holds when the server refuses; when it only cannot be asked, it is the best there is. */
  private _fail(held: IHeld, error: unknown): void {
    const stays = error instanceof RequestFailed && error.status === 0;
    const inspected = held.draft.busy === 'plan';
    this._set(held, {
      busy: null,
      problem: problemOf(error, this._trans),
      plan: stays ? held.draft.plan : null,
      inspection: stays || inspected ? held.draft.inspection : null
    });
  }

  /** No answer to what was asked so far counts any more. */
  private _stop(held: IHeld): void {
    held.turn += 1;
    held.abort?.abort();
    if (held.timer !== null) {
      clearTimeout(held.timer);
    }
    held.abort = held.timer = null;
  }

  private _find(path: string): IHeld {
    let held = this._held.get(path);
    if (!held) {
      held = { draft: empty(path), turn: 0, abort: null, timer: null, settled: null, building: null };
      this._held.set(path, held);
    }
    return held;
  }

  private _set(held: IHeld, part: Partial<Draft>): void {
    if (!this._isDisposed) {
      held.draft = { ...held.draft, ...part };
      this._told();
    }
  }

  private _unkept(error: unknown): ReturnType<typeof problemOf> {
    const message = this._trans.__('The choices could not be written to the notebook.');
    const hint = this._trans.__('Save the notebook yourself to see what hinders it.');
    return { ...problemOf(error, this._trans), code: 'choices-not-kept', message, hint };
  }

  private _held = new Map<string, IHeld>();
  private _isDisposed = false;
}

function empty(path: string): Draft {
  const none = { inspection: null, plan: null, busy: null, problem: null, build: null };
  return { path, ...none, choices: {}, saved: {}, unsaved: false, stale: false };
}
