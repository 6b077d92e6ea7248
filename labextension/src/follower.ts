/** Follows one run's events: asks for what is new, a page at a time, never twice at once, and folds it. */
import { IDisposable } from '@lumino/disposable';
import { EMPTY, fold } from './fold';
import { Entries, RunFold } from './tokens';

export class Follower implements IDisposable {
  /**
   * @param ask - a page of the events after a number
   * @param told - called when `fold` changed
   * @param failed - called when asking failed; the next `wake` asks again
   */
  constructor(
    private _ask: (after: number) => Promise<Entries>,
    private _told: () => void,
    private _failed: (error: unknown) => void
  ) {}

  /** What the events so far come to. */
  get fold(): RunFold {
    return this._fold;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
  }

  /** There may be news, up to event `seq`: ask now, or when the answer that is under way has come without them. */
  wake(seq: number): void {
    this._again = true;
    this._wanted = Math.max(this._wanted, seq);
    if (!this._asking && !this._isDisposed) {
      this._asking = true;
      void this._read().finally(() => (this._asking = false));
    }
  }

  private async _read(): Promise<void> {
    try {
      while (this._again && !this._isDisposed) {
        this._again = false;
        this._take(await this._ask(this._fold.seq));
      }
    } catch (error) {
      if (!this._isDisposed) {
        this._failed(error);
      }
    }
  }

  private _take(page: Entries): void {
    const folded = this._isDisposed ? this._fold : fold(this._fold, page.entries);
    const news = folded !== this._fold;
    this._fold = folded;
    // A page without news says nothing, whatever it promises: else this would go round for ever.
    this._again = (news && page.more) || (this._again && this._wanted > folded.seq);
    if (news) {
      this._told();
    }
  }

  private _fold = EMPTY;
  private _asking = false;
  private _again = false;
  private _wanted = 0;
  private _isDisposed = false;
}
