/** The server's clock, learnt from dates of whole seconds. */
import { Clock } from '../clock';

/** A clock whose machine is `behind` the server by so many seconds; an answer takes `delay`. */
function learn(behind: number, answers: number, delay = 0.08): number {
  let local = 1_000_000.25;
  const clock = new Clock(() => local);
  for (let answer = 0; answer < answers; answer++) {
    const sent = local;
    local += delay / 2;
    const date = new Date(Math.floor(local + behind) * 1000).toUTCString();
    local += delay / 2;
    clock.observe(date, sent);
    local += 0.37;
  }
  return clock.now() - local - behind;
}

describe('clock', () => {
  it.each([0, 0.3, -0.3])('leaves a machine alone that may be right (%d s off)', off =>
    expect(Math.abs(learn(off, 1))).toBeLessThanOrEqual(0.3)
  );

  it.each([3600, -3600, 12.5])('is within a second after one answer (%d s off)', off =>
    expect(Math.abs(learn(off, 1))).toBeLessThan(1.1)
  );

  it.each([3600, -3600, 12.5])('grows more exact with each answer (%d s off)', off =>
    expect(Math.abs(learn(off, 20))).toBeLessThan(0.1)
  );

  it('follows a machine whose clock was set', () => {
    let local = 1000;
    const clock = new Clock(() => local);
    clock.observe(new Date(1_000_000).toUTCString(), local);
    expect(clock.now()).toBe(1000);
    local += 500;
    clock.observe(new Date(1_001_000).toUTCString(), local);
    expect(Math.abs(clock.now() - 1001)).toBeLessThanOrEqual(1);
  });

  it('learns nothing from an answer without a date', () => {
    const clock = new Clock(() => 5);
    clock.observe(null, 5);
    clock.observe('soon', 5);
    expect(clock.now()).toBe(5);
  });
});
