import { JSONExt } from '@lumino/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Json } from '../tokens';

/** How a parameter is entered: the kind follows from its default, and `any` (no default) takes JSON or plain text. */
export type FieldKind = 'flag' | 'number' | 'text' | 'json' | 'any';

/** One parameter of the form. `value` is what holds when nobody touches it. */
export interface Field {
  name: string;
  kind: FieldKind;
  value: Json;
}

/** What was typed, read as a value; or why it cannot be one. `note` is said beside a value that is fine but unusual. */
export type Reading = { value: Json; note?: string } | { problem: string };

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const WHOLE = /^[+-]?\d+$/;

export function fieldKind(value: Json): FieldKind {
  switch (typeof value) {
    case 'boolean':
      return 'flag';
    case 'number':
      return 'number';
    case 'string':
      return 'text';
    default:
      return value === null ? 'any' : 'json';
  }
}

export function makeField(name: string, value: Json): Field {
  return { name, kind: fieldKind(value), value };
}

/** A value as the field shows it; text stands there without quotes. */
export function fieldText(kind: FieldKind, value: Json): string {
  if (kind === 'text' && typeof value === 'string') {
    return value;
  }
  if (kind === 'any') {
    return value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  }
  return JSON.stringify(value);
}

export function readField(field: Field, text: string, trans: TranslationBundle): Reading {
  switch (field.kind) {
    case 'flag':
      return { value: text === 'true' };
    case 'text':
      return { value: text };
    case 'number':
      return readNumber(field, text.trim(), trans);
    case 'json':
      return readJson(field, text, trans);
    case 'any':
      return { value: text.trim() === '' ? null : (parseJson(text) ?? text) };
  }
}

function readNumber(field: Field, text: string, trans: TranslationBundle): Reading {
  const value = Number(text);
  if (!NUMBER.test(text) || !Number.isFinite(value)) {
    return { problem: trans.__('Not a number: write it like 20, 0.05 or 1e-3.') };
  }
  if (WHOLE.test(text) && !Number.isSafeInteger(value)) {
    return { problem: trans.__('Too many digits to be exact: at most %1.', Number.MAX_SAFE_INTEGER) };
  }
  if (Number.isInteger(field.value) && !Number.isInteger(value)) {
    return { value, note: trans.__('The default is a whole number.') };
  }
  return { value };
}

function readJson(field: Field, text: string, trans: TranslationBundle): Reading {
  const value = parseJson(text);
  const list = Array.isArray(field.value);
  if (value === undefined || value === null || typeof value !== 'object') {
    return {
      problem: list
        ? trans.__('Not a JSON list: write it like ["a", "b"].')
        : trans.__('Not JSON: write it like {"a": 1}.')
    };
  }
  if (list !== Array.isArray(value)) {
    return { problem: list ? trans.__('A list is needed here.') : trans.__('An object is needed here.') };
  }
  return { value };
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

export function sameValue(one: Json, other: Json): boolean {
  return JSONExt.deepEqual(one, other);
}

/** A value in a list of parameters: short, on one line. */
export function shortValue(value: Json, longest = 40): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** `epochs=30, learning_rate=0.1` */
export function parametersText(parameters: { [name: string]: Json }): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${shortValue(value)}`)
    .join(', ');
}
