import { families, makeAxis, numberText, place, thinOut } from '../../views/scale';

describe('makeAxis', () => {
  test.each<[number[], boolean, number[]]>([
    [[0, 1], false, [0, 0.5, 1]],
    [[0.02, 2.31], false, [0, 1, 2, 3]],
    [[1, 20], true, [5, 10, 15, 20]],
    [[1, 3], true, [1, 2, 3]],
    [[-3, 8], false, [-5, 0, 5, 10]]
  ])('of %j has round ticks', (values, whole, ticks) => {
    expect(makeAxis(values, whole ? 6 : 4, whole).ticks).toEqual(ticks);
  });

  test.each([[[]], [[7]], [[0]], [[-2, -2]]])('of %j has room around it', values => {
    const axis = makeAxis(values, 4);
    expect(axis.high).toBeGreaterThan(axis.low);
    expect(axis.ticks.length).toBeGreaterThan(1);
    for (const value of values) {
      expect(place(axis, value, 0, 1)).toBeGreaterThan(0);
      expect(place(axis, value, 0, 1)).toBeLessThan(1);
    }
  });
});

describe('thinOut', () => {
  const many = Array.from({ length: 5000 }, (_, step) => ({ step, value: step === 1234 ? 99 : Math.sin(step / 40) }));

  it('keeps peaks, order and the last point of a long line', () => {
    const kept = thinOut(many);
    expect(kept.length).toBeLessThan(450);
    expect(kept).toContainEqual({ step: 1234, value: 99 });
    expect(kept[kept.length - 1]).toBe(many[many.length - 1]);
    expect(kept.every((point, index) => !index || point.step > kept[index - 1].step)).toBe(true);
  });

  it('leaves a short line alone', () => {
    expect(thinOut(many.slice(0, 400))).toHaveLength(400);
  });
});

test.each([
  [0, '0'],
  [20, '20'],
  [0.98765, '0.9877'],
  [1.5, '1.5'],
  [0.0000123, '1.23e-5'],
  [15300, '15300'],
  [2.5e9, '2.50e+9']
])('numberText(%d) is %s', (value, text) => expect(numberText(value)).toBe(text));

it('families puts together what measures the same', () => {
  expect([...families(['loss', 'accuracy', 'val_loss', 'test/accuracy'])]).toEqual([
    ['loss', ['loss', 'val_loss']],
    ['accuracy', ['accuracy', 'test/accuracy']]
  ]);
});
