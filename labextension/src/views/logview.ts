import { Failed } from '../tokens';
import { plainText } from './ansi';

/** One line of a log. */
export interface ILine {
  phase: string;
  text: string;
}

/** Height of a line in pixels: all are the same, so that only those in sight need to exist. */
export const LINE = 16;
/** Lines above and below the sight that exist as well, so that scrolling shows no holes. */
const SPARE = 30;
/** So near the end counts as at the end. */
const NEAR = 24;

/** The lines to draw: from the first, up to but without the second. */
export function windowOf(top: number, height: number, count: number): [number, number] {
  const first = Math.max(0, Math.floor(top / LINE) - SPARE);
  return [Math.min(first, count), Math.min(count, Math.ceil((top + height) / LINE) + SPARE)];
}

/** Whether somebody looks at the end, and so wants to see what comes. */
export function atEnd(element: { scrollTop: number; scrollHeight: number; clientHeight: number }): boolean {
  return element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR;
}

/**
 * The line that tells of a failure: the last one that holds the evidence's first line, else the last that speaks of an
 * error, else the last of all. Null for an empty log.
 */
export function failingLine(log: readonly ILine[], failure: Failed): number | null {
  const told = firstLine(failure);
  const last = (fits: (text: string) => boolean): number => {
    for (let at = log.length - 1; at >= 0; at--) {
      if (fits(plainText(log[at].text))) {
        return at;
      }
    }
    return -1;
  };
  const found = told === '' ? -1 : last(text => text.includes(told));
  const spoken = found >= 0 ? found : last(text => /\b(?:[a-z]*error|failed|fatal)\b/i.test(text));
  return log.length === 0 ? null : spoken >= 0 ? spoken : log.length - 1;
}

/** Whether a line of the log is what the failure gives as evidence. */
export function isEvidence(line: ILine, failure: Failed): boolean {
  const told = firstLine(failure);
  return told !== '' && plainText(line.text).includes(told);
}

/** The evidence's first line that says enough to be looked for; empty if there is none. */
function firstLine({ why }: Failed): string {
  const lines = why.split('\n').map(line => line.trim());
  return lines.find(line => line.length > 7) ?? '';
}
