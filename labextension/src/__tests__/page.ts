/** What stands around a model in a page: its visibility and its notebooks, for tests. */
import { nullTranslator } from '@jupyterlab/translation';
import { PartialJSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { IOptions, MlpackModel } from '../model';
import { INotebookChange, INotebooks } from '../notebooks';
import { IMlpack } from '../tokens';
import { IVisibility } from '../visibility';
import { TestServer } from './server';

export const trans = nullTranslator.load('jupyter_mlpack');

/** A page that is hidden and shown by hand. */
export class TestVisibility implements IVisibility {
  readonly changed = new Signal<this, void>(this);
  isDisposed = false;

  get hidden(): boolean {
    return this._hidden;
  }

  set hidden(hidden: boolean) {
    this._hidden = hidden;
    this.changed.emit();
  }

  dispose(): void {
    this.isDisposed = true;
  }

  private _hidden = false;
}

/** Notebooks that note what was done to them. */
export class TestNotebooks implements INotebooks {
  readonly changed = new Signal<this, INotebookChange>(this);
  readonly saved: string[] = [];
  readonly kept: { [path: string]: PartialJSONObject } = {};
  failure: Error | null = null;

  async save(path: string): Promise<void> {
    this._fail();
    this.saved.push(path);
    this.changed.emit({ path, was: null });
    return Promise.resolve();
  }

  async keep(path: string, values: PartialJSONObject): Promise<void> {
    this._fail();
    this.kept[path] = { ...this.kept[path], ...values };
    return Promise.resolve();
  }

  private _fail(): void {
    if (this.failure) {
      throw this.failure;
    }
  }
}

/** A model of `server`, in a page of its own: two models of one server are two tabs. */
export function makeTestModel(server: TestServer, part: Partial<IOptions> = {}): MlpackModel {
  return new MlpackModel({
    serverSettings: server.settings,
    trans,
    events: server.events,
    notebooks: new TestNotebooks(),
    version: '0.1.0',
    visibility: new TestVisibility(),
    ...part
  });
}

/** Resolves when `holds`, asked after each change of the model, is true. */
export async function until(model: IMlpack, holds: () => boolean, what = 'the model to change'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new Error(`waited in vain for ${what}`))), 3000);
    const look = (): void => {
      if (holds()) {
        end(resolve);
      }
    };
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      model.changed.disconnect(look);
      settle();
    };
    model.changed.connect(look);
    look();
  });
}
