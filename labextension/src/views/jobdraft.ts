import { TranslationBundle } from '@jupyterlab/translation';
import { Engine, Image, Inspection, Json, Run } from '../tokens';
import { Field, fieldText, makeField, readField, Reading, sameValue } from './parameters';

/** What a form of a training begins with. */
export interface JobDraft {
  image: string;
  path: string;
  parameters: { [name: string]: Json };
  engine: string;
}

/** A form's entries: only the fields that somebody touched. */
export interface Entered {
  [name: string]: string;
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
  return { image: run.image, path: run.path, parameters: run.parameters, engine: run.engine };
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

/** Images that can be trained with, newest first, each name once. */
export function trainable(runs: readonly Run[]): Run[] {
  const newest = new Map<string, Run>();
  for (const run of runs) {
    if (run.kind === 'build' && run.state === 'succeeded' && run.image && !newest.has(run.image)) {
      newest.set(run.image, run);
    }
  }
  return [...newest.values()];
}

export function hasTraining(image: Image): boolean {
  return image.processes.some(process => process.type === 'train');
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

/** The engine to begin with: the one asked for if it can be used, else the first that can. */
export function chooseEngine(engines: readonly Engine[], wanted: string): string {
  const usable = engines.filter(engine => engine.available);
  return (usable.find(engine => engine.name === wanted) ?? usable[0])?.name ?? '';
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
