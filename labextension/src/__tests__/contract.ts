/** The samples of the wire that server and front end share (`tests/contract/`). */
import * as fs from 'fs';
import * as path from 'path';
import { Entry, RunFold } from '../tokens';

const FOLDER = path.resolve(__dirname, '../../../tests/contract');

/** Names of the samples in a folder: `values`, `events` or `sequences`. */
export function names(folder: string): string[] {
  const files = fs.readdirSync(path.join(FOLDER, folder));
  return files.filter(file => file.endsWith('.json')).map(file => path.basename(file, '.json'));
}

export function text(folder: string, name: string): string {
  return fs.readFileSync(path.join(FOLDER, folder, `${name}.json`), 'utf8');
}

/** A sample of a value, named like its interface. */
export function value<T>(name: string): T {
  return JSON.parse(text('values', name)) as T;
}

/** Numbered events, and what they fold to. */
export function sequence(name: string): { entries: Entry[]; fold: RunFold } {
  return JSON.parse(text('sequences', name)) as { entries: Entry[]; fold: RunFold };
}
