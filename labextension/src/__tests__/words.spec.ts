/** Words and figures as people read them. */
import { aboutText, ageText, durationText, hardwareWord, phaseWord, progressText, sizeText } from '../words';
import { sourceWord, stateWord } from '../words';
import { sequence } from './contract';
import { trans } from './page';

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [175_918_114, '176 MB'],
    [2_340_000_000, '2.3 GB'],
    [-5, '0 B']
  ])('%d bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));
});

describe('times', () => {
  it.each([
    [-1, '0 s'],
    [0.4, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [125, '2 min 5 s'],
    [3599.7, '1 h 0 min'],
    [4200, '1 h 10 min']
  ])('%d seconds took %s', (seconds, text) => expect(durationText(seconds, trans)).toBe(text));

  it.each([
    [2, 'a few seconds'],
    [8, 'about 10 s'],
    [38, 'about 40 s'],
    [54, 'about 55 s'],
    [56, 'about 1 min'],
    [130, 'about 2 min'],
    [3500, 'about 1 h'],
    [7300, 'about 2 h']
  ])('%d seconds to come are %s', (seconds, text) => expect(aboutText(seconds, trans)).toBe(text));

  it.each([
    [-3, 'just now'],
    [59, 'just now'],
    [300, '5 min ago'],
    [7300, '2 h ago'],
    [86_400, '1 day ago'],
    [200_000, '2 days ago']
  ])('%d seconds ago is %s', (seconds, text) => expect(ageText(seconds, trans)).toBe(text));
});

describe('progress', () => {
  const progress = { event: 'Progress' as const, phase: 'build', what: 'packages', done: 12, unit: 'packages' };
  it.each([
    [{ ...progress, total: 40 }, '12 of 40 packages'],
    [{ ...progress, total: null }, '12 packages'],
    [{ ...progress, done: 1, total: 1, unit: 'layers' }, '1 of 1 layer'],
    [{ ...progress, done: 3_100_000, total: 40_000_000, unit: 'bytes' }, '3.1 MB of 40 MB'],
    [{ ...progress, done: 3_100_000, total: null, unit: 'bytes' }, '3.1 MB']
  ])('%j reads as %s', (value, text) => expect(progressText(value, trans)).toBe(text));
});

describe('names of the wire', () => {
  it('has plain words for every phase of a build, and its name in the tooltip', () => {
    for (const phase of sequence('success').fold.phases) {
      const { label, title } = phaseWord(phase.name, trans);
      expect(label).not.toBe(phase.name);
      expect(title.startsWith(`${phase.name}: `)).toBe(true);
    }
  });

  it.each(['queued', 'running', 'succeeded', 'failed', 'cancelled'])('has a word for the state %s', state =>
    expect(stateWord(state, trans)).not.toBe(state)
  );

  it.each(['kernel', 'install', 'declaration', 'user', 'table', 'runner', 'packaged'])(
    'says why the source %s is believed',
    source => expect(sourceWord(source, trans).title.length).toBeGreaterThan(15)
  );

  it('shows a name that it does not know as it is', () => {
    expect(phaseWord('extra', trans)).toEqual({ label: 'extra', title: 'extra' });
    expect(stateWord('paused', trans)).toBe('paused');
    expect(sourceWord('oracle', trans).label).toBe('oracle');
    expect(hardwareWord('quantum', trans)).toBe('quantum');
  });
});
