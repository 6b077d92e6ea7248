/** The folder that the server under test serves, and what tests put there. Node only, no browser. */
import * as fs from 'node:fs';
import * as path from 'node:path';

function needed(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: start the tests with labextension/ui-tests/run`);
  }
  return value;
}

export const TOKEN = needed('MLPACK_UI_TOKEN');
const FOLDER = needed('MLPACK_UI_FOLDER');
const ROOT = path.join(FOLDER, 'root');
const GATES = path.join(FOLDER, 'gates');
const OWN = path.join(__dirname, '..', 'notebooks');
const EXAMPLES = path.join(__dirname, '..', '..', '..', 'examples');

/** Puts a copy of one of our notebooks into a folder of its own; returns its path as the contents manager names it. */
export function notebook(source: string, name: string): string {
  const folder = path.join(ROOT, name);
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(OWN, `${source}.ipynb`), path.join(folder, `${name}.ipynb`));
  return `${name}/${name}.ipynb`;
}

/** Puts a copy of an example of the project (its files, too) into a folder of its own; the notebook is renamed. */
export function example(source: string, name: string): string {
  const folder = path.join(ROOT, name);
  fs.cpSync(path.join(EXAMPLES, source), folder, { recursive: true });
  fs.renameSync(path.join(folder, `${source}.ipynb`), path.join(folder, `${name}.ipynb`));
  return `${name}/${name}.ipynb`;
}

/** A notebook whose build waits until `release` is called with the same name. */
export function held(name: string): string {
  const where = notebook('held', name);
  fs.writeFileSync(path.join(ROOT, name, 'hold.txt'), name);
  fs.rmSync(path.join(GATES, name), { force: true });
  return where;
}

/** Lets the build of the held notebook go on. */
export function release(name: string): void {
  fs.writeFileSync(path.join(GATES, name), '');
}

/** Lets all of them go on: a test that failed in mid-build shall not keep the next one waiting. */
export function releaseAll(): void {
  for (const name of fs.readdirSync(ROOT)) {
    if (fs.existsSync(path.join(ROOT, name, 'hold.txt'))) {
      release(name);
    }
  }
}

/** A notebook whose build, and whose training, log `lines` lines. */
export function chatty(name: string, lines: number): string {
  const where = notebook('chatty', name);
  fs.writeFileSync(path.join(ROOT, name, 'lines.txt'), String(lines));
  return where;
}

/** Writes a file below the server's root. */
export function write(name: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(ROOT, name)), { recursive: true });
  fs.writeFileSync(path.join(ROOT, name), text);
}

/** Reads a file below the server's root. */
export function read(name: string): string {
  return fs.readFileSync(path.join(ROOT, name), 'utf-8');
}
