/** The form of a request, out of the JSON schemas of a service's description. */
import { TranslationBundle } from '@jupyterlab/translation';

import { Json, ServiceApi } from '../tokens';

export interface ISchema {
  [key: string]: Json;
}

/** How a value is typed in: JSON where nothing simpler fits. */
export type CallKind = 'text' | 'number' | 'flag' | 'choice' | 'json';

export interface ICallField {
  name: string;
  kind: CallKind;
  required: boolean;
  /** Whether a number is a whole one. */
  whole: boolean;
  choices: Json[];
  /** What the field holds before anybody touched it. */
  initial: string;
  /** The type in a word or two. */
  hint: string;
}

/** Name of the only field of a request that is one value, whatever it is. */
export const BODY = '';

const DEEPEST = 4;

/** Schemas of requests to further functions are called so. */
const FURTHER = 'Request-';

/** The functions beside the first. */
export function otherFunctions({ schemas }: ServiceApi): string[] {
  return Object.keys(schemas)
    .filter(name => name.startsWith(FURTHER))
    .map(name => name.slice(FURTHER.length));
}

/** The fields of a request; one for the whole body if its parts are not described. */
export function callFields({ request, schemas }: ServiceApi, fn = ''): ICallField[] {
  const whole = resolve(fn ? (schemas[FURTHER + fn] ?? {}) : request, schemas);
  const variants = asList(whole.anyOf).map(item => resolve(item, schemas));
  const object = [whole, ...variants.reverse()].find(schema => isTable(schema.properties));
  if (!object) {
    return [{ ...makeField(BODY, {}, true, schemas), initial: '{}' }];
  }
  const required = asList(object.required);
  return Object.entries(object.properties as ISchema).map(([name, schema]) =>
    makeField(name, resolve(schema, schemas), required.includes(name), schemas)
  );
}

/** What was typed, as the body to send; or the field that is wrong, with the reason. */
export function readBody(
  fields: readonly ICallField[],
  entered: { [name: string]: string },
  trans: TranslationBundle
): { body: Json } | { problems: { [name: string]: string } } {
  const body: { [name: string]: Json } = {};
  const problems: { [name: string]: string } = {};
  for (const field of fields) {
    const text = entered[field.name] ?? field.initial;
    if (text.trim() === '' && !(field.kind === 'text' && field.required)) {
      if (field.required) {
        problems[field.name] = trans.__('A value is needed.');
      }
      continue;
    }
    const read = readValue(field, text, trans);
    if ('problem' in read) {
      problems[field.name] = read.problem;
    } else {
      body[field.name] = read.value;
    }
  }
  if (Object.keys(problems).length > 0) {
    return { problems };
  }
  return { body: fields.length === 1 && fields[0].name === BODY ? (body[BODY] ?? null) : body };
}

function readValue(field: ICallField, text: string, trans: TranslationBundle): { value: Json } | { problem: string } {
  switch (field.kind) {
    case 'text':
      return { value: text };
    case 'flag':
      return { value: text === 'true' };
    case 'choice':
      return { value: field.choices.find(choice => choiceText(choice) === text) ?? text };
    case 'number': {
      const value = Number(text);
      if (!Number.isFinite(value)) {
        return { problem: trans.__('Not a number: write it like 20, 0.05 or 1e-3.') };
      }
      return field.whole && !Number.isInteger(value) ? { problem: trans.__('A whole number is needed.') } : { value };
    }
    default:
      try {
        return { value: JSON.parse(text) as Json };
      } catch {
        return { problem: trans.__('Not JSON: write it like [1, 2.5], {"a": 1} or "text".') };
      }
  }
}

export function choiceText(choice: Json): string {
  return typeof choice === 'string' ? choice : JSON.stringify(choice);
}

function makeField(name: string, schema: ISchema, required: boolean, schemas: ISchema): ICallField {
  const kind = kindOf(schema);
  const choices = asList(schema.enum);
  const given = 'default' in schema ? schema.default : asList(schema.examples)[0];
  const first = given ?? (kind === 'json' ? sample(schema, schemas, 0) : kind === 'choice' ? choices[0] : undefined);
  const plain = kind === 'text' || kind === 'choice';
  const initial = given === undefined && !required && kind !== 'choice' ? '' : initialText(first, plain);
  const hint = required ? typeWord(schema) : `${typeWord(schema)} ?`.trim();
  return { name, kind, required, whole: schema.type === 'integer', choices, initial, hint };
}

function initialText(value: Json | undefined, plain: boolean): string {
  if (value === undefined || (value === null && plain)) {
    return '';
  }
  return plain && typeof value === 'string' ? value : JSON.stringify(value);
}

function kindOf(schema: ISchema): CallKind {
  if (Array.isArray(schema.enum)) {
    return 'choice';
  }
  switch (schema.type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'flag';
    default:
      return 'json';
  }
}

/** The type as people write it: `list of numbers` would have to be translated, `number[]` has not. */
function typeWord(schema: ISchema): string {
  if (schema.type === 'array') {
    return `${(isTable(schema.items) && typeWord(schema.items)) || 'any'}[]`;
  }
  return typeof schema.type === 'string' ? schema.type : '';
}

/** A value of the right shape, to begin with. */
function sample(schema: ISchema, schemas: ISchema, depth: number): Json {
  if ('default' in schema) {
    return schema.default;
  }
  const own = resolve(schema, schemas);
  if (depth > DEEPEST) {
    return null;
  }
  const variants = asList(own.anyOf);
  if (variants.length > 0) {
    return sample(resolve(variants[0], schemas), schemas, depth + 1);
  }
  switch (own.type) {
    case 'array':
      return isTable(own.items) ? [sample(own.items, schemas, depth + 1)] : [];
    case 'object': {
      const properties = isTable(own.properties) ? Object.entries(own.properties) : [];
      return Object.fromEntries(properties.map(([name, part]) => [name, sample(asTable(part), schemas, depth + 1)]));
    }
    case 'string':
      return asList(own.enum)[0] ?? '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    default:
      return depth === 0 ? {} : 0;
  }
}

/** A schema without its reference. Those that lead in circles end. */
function resolve(schema: Json, schemas: ISchema): ISchema {
  let found = asTable(schema);
  for (let steps = 0; typeof found.$ref === 'string' && steps < DEEPEST; steps += 1) {
    const { $ref, ...rest } = found;
    found = { ...asTable(schemas[String($ref).split('/').pop() ?? ''] ?? {}), ...rest };
  }
  return found;
}

function isTable(value: Json | undefined): value is ISchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asTable(value: Json): ISchema {
  return isTable(value) ? value : {};
}

function asList(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
