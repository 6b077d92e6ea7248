import { TranslationBundle } from '@jupyterlab/translation';
import { Image, Inspection, Json, Resources, Run } from '../tokens';
import { targetPlace } from './where';
import { Field, fieldText, makeField, readField, Reading, sameValue } from './parameters';

/** What a form of a training begins with. */
export interface JobDraft {
  image: string;
  path: string;
  parameters: { [name: string]: Json };
  /** An engine, or a target as `where.ts` writes it. */
  engine: string;
  /** What was asked of the target. */
  resources?: Resources;
}

/** A form's entries: only the fields that somebody touched. */
export interface Entered {
  [name: string]: string;
}

/** The entries that say something. */
export function filled(values: Entered): Entered {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}

/** One field as the form shows it. */
export interface FieldState {
  field: Field;
  text: string;
  reading: Reading;
  changed: boolean;
}

/** Label of an image with its notebook's parameters and their defaults, as a JSON object. */
const PARAMETERS = 'org.jupyter-mlpack.parameters';

/** The form again for what was run once. */
export function draftOf(run: Run): JobDraft {
  const engine = run.target ? targetPlace(run.target) : run.engine;
  return { image: run.image, path: run.path, parameters: run.parameters, engine, resources: run.resources };
}

/** The parameters that an image says it has; null when it says nothing. */
export function imageFields(image: Image): Field[] | null {
  const label = new Map(image.labels).get(PARAMETERS);
  if (label === undefined) {
    return null;
  }
  try {
    const parameters = JSON.parse(label) as { [name: string]: Json };
    return Object.entries(parameters).map(([name, value]) => makeField(name, value));
  } catch {
    return null;
  }
}

export function notebookFields(inspection: Inspection): Field[] {
  return inspection.parameters.map(parameter => makeField(parameter.name, parameter.default));
}

/** Images that can be trained with, newest first, each name once; older builds do not say what they are for. */
export function trainable(runs: readonly Run[]): Run[] {
  const newest = new Map<string, Run>();
  for (const run of runs) {
    if (run.kind === 'build' && run.state === 'succeeded' && run.image && !newest.has(run.image)) {
      newest.set(run.image, run);
    }
  }
  return [...newest.values()].filter(run => run.purpose !== 'inference');
}

export function hasTraining(image: Image): boolean {
  return image.processes.some(process => process.type === 'train');
}

/** Whether a build's image answers requests; the image itself says it, as soon as it is known. */
export function serves(build: Run, image: Image | null): boolean {
  return image === null ? build.purpose === 'inference' : !hasTraining(image);
}

export function readFields(
  fields: readonly Field[],
  draft: JobDraft,
  entered: Entered,
  trans: TranslationBundle
): FieldState[] {
  return fields.map(field => {
    const begin = field.name in draft.parameters ? draft.parameters[field.name] : field.value;
    const text = entered[field.name] ?? fieldText(field.kind, begin);
    const reading = readField(field, text, trans);
    const changed = 'problem' in reading || !sameValue(reading.value, field.value);
    return { field, text, reading, changed };
  });
}

/** The values to send: those that differ from what the image does anyway. */
export function changedValues(states: readonly FieldState[]): { [name: string]: Json } {
  const values: { [name: string]: Json } = {};
  for (const { field, reading, changed } of states) {
    if (changed && 'value' in reading) {
      values[field.name] = reading.value;
    }
  }
  return values;
}

/** Why the training cannot be started yet; empty when it can. */
export function whyNotStart(
  image: string,
  states: readonly FieldState[] | null,
  engine: string,
  trans: TranslationBundle
): string {
  if (!image) {
    return trans.__('Choose an image first.');
  }
  if (states === null) {
    return trans.__('The parameters are being read.');
  }
  const wrong = states.filter(state => 'problem' in state.reading).map(state => state.field.name);
  if (wrong.length) {
    return trans.__('These need another value: %1.', wrong.join(', '));
  }
  return engine ? '' : trans.__('There is no engine that could run it.');
}
