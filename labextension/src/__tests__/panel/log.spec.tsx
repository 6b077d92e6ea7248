import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { Log } from '../../views/log';
import { failingLine, ILine, LINE } from '../../views/logview';
import { plainText, pieces } from '../../views/ansi';
import { trans } from '../page';
import { makeFailure, makeLog } from './samples';

const HEIGHT = 320;

/** A box of a size, in a DOM that has none. */
beforeAll(() => {
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => HEIGHT });
  Object.defineProperty(HTMLElement.prototype, 'scrollHeight', {
    configurable: true,
    get(this: HTMLElement) {
      return parseInt(this.querySelector<HTMLElement>('.jp-Mlpack-Log-canvas')?.style.height ?? '0');
    }
  });
});

function log(lines: ILine[], mark: number | null = null): React.JSX.Element {
  return <Log lines={lines} mark={mark} href="http://localhost/log" trans={trans} />;
}

function box(): HTMLElement {
  return screen.getByRole('log');
}

describe('a log', () => {
  it('follows its end while one looks at the end', () => {
    const { rerender } = render(log(makeLog(100)));
    expect(box().scrollTop).toBe(100 * LINE);
    rerender(log(makeLog(300)));
    expect(box().scrollTop).toBe(300 * LINE);
    expect(screen.getByText('line 299')).toBeTruthy();
  });

  it('stays where one reads, and goes on following when asked to', () => {
    const { rerender } = render(log(makeLog(300)));
    box().scrollTop = 10 * LINE;
    fireEvent.scroll(box());
    rerender(log(makeLog(500)));
    expect(box().scrollTop).toBe(10 * LINE);
    fireEvent.click(screen.getByRole('button', { name: 'To the end' }));
    expect(box().scrollTop).toBe(500 * LINE);
    expect(screen.queryByRole('button', { name: 'To the end' })).toBeNull();
  });

  it('draws only the lines in sight', () => {
    render(log(makeLog(5000)));
    expect(box().querySelectorAll('.jp-Mlpack-Log-line').length).toBeLessThan(150);
    expect(screen.getByText('5000 lines')).toBeTruthy();
  });

  it('opens at a marked line', () => {
    render(log(makeLog(1000), 400));
    const marked = box().querySelector('.jp-mod-marked');
    expect(marked?.textContent).toBe('line 400');
    expect(box().scrollTop).toBeGreaterThan(380 * LINE);
    expect(box().scrollTop).toBeLessThanOrEqual(400 * LINE);
  });

  it('never takes text for markup', () => {
    render(log([{ phase: 'build', text: '<img src=x onerror=alert(1)>' }]));
    expect(box().querySelector('img')).toBeNull();
    expect(screen.getByText('<img src=x onerror=alert(1)>')).toBeTruthy();
  });
});

describe('a line', () => {
  const cases: [string, string, string][] = [
    ['what a carriage return overwrote', '10%\r50%\r100%', '100%'],
    ['a carriage return at the end', 'done\r', 'done'],
    ['colours', '\u001b[1;31mred\u001b[0m plain', 'red plain'],
    ['exact colours', '\u001b[38;5;196mx\u001b[48;2;1;2;3my', 'xy'],
    ['the cursor moved', '\u001b[2K\u001b[1Gline', 'line'],
    ['a title of the window', '\u001b]0;title\u0007text', 'text'],
    ['an escape that is cut off', 'text\u001b[', 'text'],
    ['control characters', 'a\u0007b\u0000c', 'abc']
  ];

  it.each(cases)('is shown as a terminal would: %s', (_, line, shown) => {
    expect(plainText(line)).toBe(shown);
  });

  it('keeps its colours as classes, up to where they end', () => {
    expect(pieces('\u001b[1;31mred\u001b[39m bold\u001b[0m plain')).toEqual([
      { text: 'red', className: 'jp-mod-bold jp-mod-red' },
      { text: ' bold', className: 'jp-mod-bold' },
      { text: ' plain', className: '' }
    ]);
  });

  it('of great length is cut', () => {
    expect(plainText('x'.repeat(100_000)).length).toBeLessThan(5000);
  });
});

describe('the line that tells of a failure', () => {
  const lines = (...texts: string[]): ILine[] => texts.map(text => ({ phase: 'build', text }));

  it('is the last one with the evidence', () => {
    const log = lines('portaudio.h: No such file or directory', 'x', '  portaudio.h: No such file or directory', 'end');
    expect(failingLine(log, makeFailure())).toBe(2);
  });

  it('is else the last that speaks of an error', () => {
    expect(failingLine(lines('ImportError: a', 'ERROR: b', 'bye'), makeFailure({ why: 'elsewhere' }))).toBe(1);
  });

  it('is else the last of all', () => {
    expect(failingLine(lines('a', 'b'), makeFailure({ why: '' }))).toBe(1);
    expect(failingLine([], makeFailure())).toBeNull();
  });
});
