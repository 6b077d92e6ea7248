/**
 * What the model needs of notebooks: saving one before it is built, and its `mlpack` metadata. An open notebook is
 * asked through its document (it may have unsaved changes), any other through the contents manager.
 */
import { Contents } from '@jupyterlab/services';
import { isEmpty } from './choices';
import { PartialJSONObject, PartialJSONValue } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

/** A notebook that is open: the few things of its document that are needed. */
export interface IOpenNotebook {
  readonly dirty: boolean;
  getMetadata(key: string): PartialJSONValue | undefined;
  setMetadata(key: string, value: PartialJSONValue): void;
  save(): Promise<void>;
}

/** A notebook was saved; or it was renamed, from `was`. */
export interface INotebookChange {
  path: string;
  was: string | null;
}

export interface INotebooks {
  /** Emitted after changes that this page made or was told of. */
  readonly changed: ISignal<INotebooks, INotebookChange>;
  /** Save the notebook if it is open and has unsaved changes. */
  save(path: string): Promise<void>;
  /** Lay `values` over the notebook's `mlpack` metadata, key by key, and save it; an empty value takes its key away. */
  keep(path: string, values: PartialJSONObject): Promise<void>;
}

/** The notebooks of an application. `find` says which are open: null for one that is not. */
export class Notebooks implements INotebooks, IDisposable {
  constructor(
    private _contents: Pick<Contents.IManager, 'get' | 'save' | 'fileChanged'>,
    private _find: (path: string) => IOpenNotebook | null
  ) {
    _contents.fileChanged.connect(this._onChanged, this);
  }

  get changed(): ISignal<INotebooks, INotebookChange> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  async save(path: string): Promise<void> {
    const open = this._find(path);
    if (open?.dirty) {
      await open.save();
    }
  }

  async keep(path: string, values: PartialJSONObject): Promise<void> {
    const open = this._find(path);
    if (open) {
      open.setMetadata(KEY, laid(open.getMetadata(KEY), values));
      return open.save();
    }
    const file = await this._contents.get(path, { type: 'notebook', content: true });
    const notebook = asObject(file.content as PartialJSONValue);
    const metadata = asObject(notebook.metadata);
    const content = { ...notebook, metadata: { ...metadata, [KEY]: laid(metadata[KEY], values) } };
    await this._contents.save(path, { type: 'notebook', format: 'json', content });
  }

  private _onChanged = (_: unknown, { type, oldValue, newValue }: Contents.IChangedArgs): void => {
    const path = newValue?.path;
    if (path !== undefined && (type === 'save' || type === 'rename')) {
      this._changed.emit({ path, was: (type === 'rename' && oldValue?.path) || null });
    }
  };

  private _changed = new Signal<this, INotebookChange>(this);
  private _isDisposed = false;
}

const KEY = 'mlpack';

function laid(under: PartialJSONValue | undefined, over: PartialJSONObject): PartialJSONObject {
  const entries = Object.entries({ ...asObject(under), ...over });
  return Object.fromEntries(entries.filter(([key, value]) => !(key in over && isEmpty(value))));
}

function asObject(value: PartialJSONValue | undefined): PartialJSONObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
