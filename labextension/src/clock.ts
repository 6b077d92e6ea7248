/**
 * The server's clock, as far as the `Date` of its answers tells. A date has whole seconds and was set somewhere between
 * sending and receiving, so an answer gives a range for the difference; ranges of several answers narrow each other.
 */
export class Clock {
  /** `local` tells this machine's time in seconds since the epoch. */
  constructor(private _local: () => number = () => Date.now() / 1000) {}

  /** The server's time, in seconds since the epoch. */
  now(): number {
    return this.local() + this._offset;
  }

  /** This machine's time, in seconds since the epoch. */
  local(): number {
    return this._local();
  }

  /** Learn from an answer with this `Date` header, asked for at `sent` (this machine's time). */
  observe(date: string | null, sent: number): void {
    const told = date === null ? NaN : Date.parse(date) / 1000;
    if (Number.isNaN(told)) {
      return;
    }
    const [low, high] = [told - this.local(), told + 1 - sent];
    const agreed = [Math.max(low, this._low), Math.min(high, this._high)];
    // A clock that was set in between fits no old range.
    [this._low, this._high] = agreed[0] <= agreed[1] ? agreed : [low, high];
    // Most clocks are right: the difference is the smallest that fits.
    this._offset = Math.min(Math.max(0, this._low), this._high);
  }

  private _low = -Infinity;
  private _high = Infinity;
  private _offset = 0;
}
