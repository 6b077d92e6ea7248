/** However the events of a run are cut into pages, and however often a page comes, the fold is the same. */
import { EMPTY, fold, LOG_LIMIT } from '../fold';
import { Entry, Event, RunFold } from '../tokens';
import { names, sequence } from './contract';

/** Numbers from 0 to 1 that look random and are the same every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const PHASES = ['inspect', 'resolve', 'build', 'export'];

/** An event of any kind. */
function anyEvent(next: () => number): Event {
  const phase = PHASES[Math.floor(next() * PHASES.length)];
  const count = Math.floor(next() * 40);
  const kinds: Event[] = [
    { event: 'PhaseStarted', phase },
    { event: 'PhaseEnded', phase, summary: `${count}` },
    { event: 'Progress', phase, what: 'packages', done: count, total: 40, unit: 'packages' },
    { event: 'LogLines', phase, lines: Array.from({ length: count }, (_, index) => `line ${index}`) },
    { event: 'Noticed', notice: { code: 'x', text: `${count}`, location: null } },
    { event: 'LayerExported', name: 'app', diff_id: `sha256:${count}`, size: count, reused: false },
    { event: 'CellStarted', index: count, total: 40 },
    { event: 'MetricsRecorded', values: [['loss', next()]], step: count },
    { event: 'JobChanged', state: 'running', exit_status: null }
  ];
  return kinds[Math.floor(next() * kinds.length)];
}

function numbered(events: Event[]): Entry[] {
  return events.map((event, index) => ({ seq: index + 1, at: 1000 + index, event }));
}

/** Fold in pages of any length; some come twice, some overlap with the page before. */
function inPages(entries: Entry[], next: () => number): RunFold {
  let state = EMPTY;
  let place = 0;
  while (place < entries.length) {
    const start = Math.max(0, place - Math.floor(next() * 5));
    const end = place + 1 + Math.floor(next() * 60);
    state = fold(state, entries.slice(start, end));
    place = end;
  }
  return fold(state, entries.slice(0, 10));
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

describe('fold', () => {
  it.each(names('sequences'))('of %s is the same in any pages', name => {
    const { entries, fold: folded } = sequence(name);
    for (let seed = 1; seed <= 20; seed++) {
      expect(inPages(entries, random(seed))).toEqual(folded);
    }
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('of anything is the same in any pages (seed %i)', seed => {
    const next = random(seed);
    const entries = numbered(Array.from({ length: 1500 }, () => anyEvent(next)));
    const whole = fold(EMPTY, entries);
    const singly = entries.reduce((state, entry) => fold(state, [entry]), EMPTY);
    expect(singly).toEqual(whole);
    expect(inPages(entries, next)).toEqual(whole);
  });

  it('changes nothing in the state it is given', () => {
    const next = random(9);
    const entries = numbered(Array.from({ length: 300 }, () => anyEvent(next)));
    let state = EMPTY;
    for (let place = 0; place < entries.length; place += 25) {
      state = freeze(fold(state, entries.slice(place, place + 25)));
    }
    expect(state).toEqual(fold(EMPTY, entries));
  });

  it('is the very same object when nothing is new', () => {
    const { entries } = sequence('success');
    const state = fold(EMPTY, entries);
    expect(fold(state, entries)).toBe(state);
  });

  it('keeps what an event does not touch, so that views need not draw it again', () => {
    const { entries } = sequence('success');
    const state = fold(EMPTY, entries);
    const line: Event = { event: 'LogLines', phase: 'build', lines: ['one more'] };
    const after = fold(state, [{ seq: state.seq + 1, at: 0, event: line }]);
    expect(after.log).toHaveLength(state.log.length + 1);
    expect(after.layers).toBe(state.layers);
    expect(after.phases).toBe(state.phases);
  });

  it('keeps the tail of a long log and counts what it cut', () => {
    const lines = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => `${from + i}`);
    const events: Event[] = [0, 1, 2].map(page => ({
      event: 'LogLines',
      phase: 'build',
      lines: lines(page * 5000, 5000)
    }));
    const state = fold(EMPTY, numbered(events));
    expect(state.log).toHaveLength(LOG_LIMIT);
    expect(state.cut).toBe(15_000 - LOG_LIMIT);
    expect(state.log[0].text).toBe(`${15_000 - LOG_LIMIT}`);
    expect(state.log[LOG_LIMIT - 1].text).toBe('14999');
  });

  it('takes a page of a 5,000-line log without a pause that anybody sees', () => {
    // One line an event is the worst there is: a page has 500 events.
    const entries = numbered(Array.from({ length: 5000 }, () => ({ event: 'LogLines', phase: 'build', lines: ['x'] })));
    const longest = [1, 2, 3, 4, 5].map(() => {
      let state = EMPTY;
      const times: number[] = [];
      for (let place = 0; place < entries.length; place += 500) {
        const before = performance.now();
        state = fold(state, entries.slice(place, place + 500));
        times.push(performance.now() - before);
      }
      expect(state.log).toHaveLength(5000);
      return Math.max(...times);
    });
    // A frame is 16 ms. Ten of them: what grows with the square of the log takes seconds, and a busy machine is no fault.
    expect(Math.min(...longest)).toBeLessThan(160);
  });

  it('of a run that ended has no phase that goes on', () => {
    const events: Event[] = [
      { event: 'PhaseStarted', phase: 'build' },
      { event: 'JobChanged', state: 'cancelled', exit_status: null }
    ];
    expect(fold(EMPTY, numbered(events)).phases[0].ended).toBe(1001);
  });
});
