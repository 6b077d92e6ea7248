import { Json } from '../../tokens';
import { fieldText, makeField, parametersText, readField, Reading } from '../../views/parameters';
import { trans } from './held';

function read(value: Json, text: string): Reading {
  return readField(makeField('p', value), text, trans);
}

describe('readField', () => {
  test.each<[string, Json, string, Json]>([
    ['a flag', true, 'false', false],
    ['a whole number', 20, ' 30 ', 30],
    ['a number', 0.05, '1e-3', 0.001],
    ['a number without its zero', 0.5, '.25', 0.25],
    ['text that looks like a number', 'adam', '12', '12'],
    ['an empty text', 'adam', '', ''],
    ['a list', [1, 2], '[3]', [3]],
    ['an object', { a: 1 }, '{"b": null}', { b: null }],
    ['JSON where there is no default', null, '[1]', [1]],
    ['text where there is no default', null, 'last', 'last'],
    ['nothing where there is no default', null, ' ', null]
  ])('reads %s', (_, value, text, expected) => {
    expect(read(value, text)).toEqual({ value: expected });
  });

  test.each<[string, Json, string]>([
    ['letters', 20, 'twenty'],
    ['nothing', 20, ''],
    ['hexadecimal', 20, '0x10'],
    ['too great a number', 0.5, '1e999'],
    ['more digits than are exact', 1, '90071992547409931'],
    ['broken JSON', [1], '[1'],
    ['an object for a list', [1], '{}'],
    ['a list for an object', {}, '[]'],
    ['a number for a list', [1], '3']
  ])('refuses %s and says why', (_, value, text) => {
    expect(Object.keys(read(value, text))).toEqual(['problem']);
  });

  it('takes a fraction for a whole number, with a note', () => {
    expect(read(20, '0.5')).toEqual({ value: 0.5, note: 'The default is a whole number.' });
  });
});

test.each<Json>([true, 20, 0.05, 'adam', '', [1, 'a'], { a: [1] }, null])(
  'what a field shows reads back as %j',
  value => {
    const field = makeField('p', value);
    expect(readField(field, fieldText(field.kind, value), trans)).toEqual({ value });
  }
);

it('parametersText is one short line', () => {
  expect(parametersText({ epochs: 30, name: 'a', long: 'x'.repeat(90) })).toBe(
    `epochs=30, name=a, long=${'x'.repeat(39)}…`
  );
});
