import { Json, ServiceApi } from '../../tokens';
import { callFields, ISchema, readBody } from '../../views/callform';
import { trans } from '../page';

function api(request: ISchema, schemas: ISchema = {}): ServiceApi {
  return { ready: true, description: '', request, schemas };
}

/** A request of one field with this schema. */
function one(schema: ISchema, required = true, schemas: ISchema = {}): ServiceApi {
  return api({ type: 'object', properties: { x: schema }, required: required ? ['x'] : [] }, schemas);
}

describe('the fields of a request', () => {
  it.each<[string, ISchema, string, string]>([
    ['a text', { type: 'string' }, 'text', ''],
    ['a number', { type: 'number' }, 'number', ''],
    ['a whole number with a default', { type: 'integer', default: 3 }, 'number', '3'],
    ['a flag', { type: 'boolean', default: false }, 'flag', 'false'],
    ['one of some', { enum: ['a', 'b'], type: 'string' }, 'choice', 'a'],
    ['a list', { type: 'array', items: { type: 'number' } }, 'json', '[0]'],
    ['a list of lists', { type: 'array', items: { type: 'array', items: { type: 'number' } } }, 'json', '[[0]]'],
    ['an object', { type: 'object', properties: { a: { type: 'string' } } }, 'json', '{"a":""}'],
    ['one that refers', { $ref: '#/components/schemas/Row' }, 'json', '{"age":0}'],
    ['one that refers to itself', { $ref: '#/components/schemas/Loop' }, 'json', '{}'],
    ['an example', { type: 'array', examples: [[1, 2]] }, 'json', '[1,2]'],
    ['anything', {}, 'json', '{}']
  ])('%s', (_, schema, kind, initial) => {
    const schemas = {
      Row: { type: 'object', properties: { age: { type: 'integer' } } },
      Loop: { $ref: '#/components/schemas/Loop' }
    };
    expect(callFields(one(schema, true, schemas))).toMatchObject([{ name: 'x', kind, initial }]);
  });

  it('are those of the object where one value alone would do, too', () => {
    const request: ISchema = {
      anyOf: [{ type: 'object', properties: { inner: {} } }, { properties: { x: { type: 'number' } } }]
    };
    expect(callFields(api(request)).map(({ name }) => name)).toEqual(['x']);
  });

  it('is one for the whole body where nothing is described', () => {
    const fields = callFields(api({}));
    expect(readBody(fields, { '': '[1]' }, trans)).toEqual({ body: [1] });
  });

  it('survive schemas that are none', () => {
    for (const request of [{ properties: { x: 5, y: null, z: { $ref: 7 } } }, { anyOf: 'x' }, { properties: [] }]) {
      expect(callFields(api(request as unknown as ISchema)).length).toBeGreaterThan(0);
    }
  });
});

describe('what was typed', () => {
  it.each<[string, ISchema, boolean, string, Json | undefined]>([
    ['a number', { type: 'number' }, true, '1e-3', 0.001],
    ['no number', { type: 'number' }, true, 'x', undefined],
    ['no whole number', { type: 'integer' }, true, '1.5', undefined],
    ['nothing that is needed', { type: 'number' }, true, ' ', undefined],
    ['an empty text', { type: 'string' }, true, '', ''],
    ['a choice that is a number', { enum: [1, 2] }, true, '2', 2],
    ['a flag', { type: 'boolean' }, true, 'true', true],
    ['JSON', { type: 'array' }, true, '[1, "a"]', [1, 'a']],
    ['no JSON', { type: 'array' }, true, '[1', undefined]
  ])('%s', (_, schema, required, text, value) => {
    const read = readBody(callFields(one(schema, required)), { x: text }, trans);
    expect(read).toEqual(
      value === undefined ? { problems: { x: expect.any(String) as string } } : { body: { x: value } }
    );
  });

  it('leaves out what nobody filled in and nobody needs', () => {
    expect(readBody(callFields(one({ type: 'number' }, false)), {}, trans)).toEqual({ body: {} });
  });
});
