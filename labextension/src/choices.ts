/** What the user decided, as values: laid over each other key by key, and compared. */
import { JSONExt, PartialJSONValue } from '@lumino/coreutils';
import { Choices } from './tokens';

const KEYS: readonly (keyof Choices)[] = [
  'packages',
  'modules',
  'ignore',
  'without',
  'system',
  'hardware',
  'purpose',
  'predict',
  'name',
  'python',
  'requirements',
  'groups',
  'conda',
  'model',
  'platform',
  'stack',
  'assets'
];

/** `over` laid on `under`, key by key. A key of `over` that is undefined is forgotten. */
export function lay(under: Choices, over: Choices): Choices {
  const laid: Choices = { ...under, ...over };
  for (const key of KEYS) {
    if (laid[key] === undefined) {
      delete laid[key];
    }
  }
  return laid;
}

/** Whether `choices`, laid over what is `saved`, change anything: an empty value is as good as none. */
export function differ(choices: Choices, saved: Choices): boolean {
  return KEYS.some(key => key in choices && !JSONExt.deepEqual(plain(choices[key]), plain(saved[key])));
}

/** Whether a value says nothing. */
export function isEmpty(value: PartialJSONValue | undefined): boolean {
  return value === undefined || value === null || value === '' || (typeof value === 'object' && !hasItems(value));
}

function hasItems(value: object): boolean {
  return Object.values(value).some(item => item !== undefined);
}

function plain(value: PartialJSONValue | undefined): PartialJSONValue {
  return value === undefined || isEmpty(value) ? null : value;
}
