/** Arithmetic of the plot: numbers in, numbers out. */

export interface Point {
  step: number;
  value: number;
}

/** A range of an axis with the round numbers to write beside it. */
export interface Axis {
  low: number;
  high: number;
  ticks: number[];
}

/** More points than this cannot be told apart on a plot of this size. */
const MOST_POINTS = 400;

/** An axis over all `values` with about `count` round ticks; `whole` for steps, which have no halves. */
export function makeAxis(values: readonly number[], count: number, whole = false): Axis {
  let low = values.length ? values.reduce((a, b) => Math.min(a, b)) : 0;
  let high = values.length ? values.reduce((a, b) => Math.max(a, b)) : 1;
  if (low === high) {
    const room = whole ? 1 : Math.abs(low) / 2 || 1;
    [low, high] = [low - room, high + room];
  }
  const step = whole ? Math.max(1, roundStep((high - low) / count)) : roundStep((high - low) / count);
  if (!whole) {
    low = Math.floor(low / step) * step;
    high = Math.ceil(high / step) * step;
  }
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index <= high / step + 1e-9; index += 1) {
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return { low, high, ticks };
}

/** The next of 1, 2, 5, 10, 20, 50 ... */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find(candidate => rough <= candidate * power * (1 + 1e-9)) ?? 10;
  return factor * power;
}

export function place(axis: Axis, value: number, from: number, to: number): number {
  return from + ((value - axis.low) / (axis.high - axis.low)) * (to - from);
}

/** At most about `MOST_POINTS`: of each stretch its lowest and its highest stay, so no peak is lost; and the last. */
export function thinOut(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) {
    return points;
  }
  const size = Math.ceil(points.length / (MOST_POINTS / 2));
  const kept: Point[] = [];
  for (let start = 0; start < points.length; start += size) {
    const stretch = points.slice(start, start + size);
    const low = stretch.reduce((a, b) => (b.value < a.value ? b : a));
    const high = stretch.reduce((a, b) => (b.value > a.value ? b : a));
    kept.push(...(low === high ? [low] : low.step < high.step ? [low, high] : [high, low]));
  }
  const last = points[points.length - 1];
  return kept[kept.length - 1] === last ? kept : [...kept, last];
}

/** A value in few characters: `0.0312`, `1.20e-7`, `15300`. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential(2);
  }
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** Names that measure the same thing share a plot: `loss` and `val_loss`, not `loss` and `accuracy`. */
export function families(names: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of names) {
    const family =
      name
        .split(/[_/.\s-]+/)
        .pop()
        ?.toLowerCase() || name;
    found.set(family, [...(found.get(family) ?? []), name]);
  }
  return found;
}
