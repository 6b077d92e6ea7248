/**
 * What the model needs of notebooks: saving one before it is built, and its `mlpack` metadata. An open notebook is
 * asked through its document (it may have unsaved changes), any other through the contents manager.
 */
import { Contents } from '@jupyterlab/services';
import { PartialJSONObject, PartialJSONValue } from '@lumino/coreutils';

/** A notebook that is open: the few things of its document that are needed. */
export interface IOpenNotebook {
  readonly dirty: boolean;
  getMetadata(key: string): PartialJSONValue | undefined;
  setMetadata(key: string, value: PartialJSONValue): void;
  save(): Promise<void>;
}

export interface INotebooks {
  /** Save the notebook if it is open and has unsaved changes. */
  save(path: string): Promise<void>;
  /** Lay `values` over the notebook's `mlpack` metadata, key by key, and save it. */
  keep(path: string, values: PartialJSONObject): Promise<void>;
}

/** The notebooks of an application. `find` says which are open: null for one that is not. */
export class Notebooks implements INotebooks {
  constructor(
    private _contents: Pick<Contents.IManager, 'get' | 'save'>,
    private _find: (path: string) => IOpenNotebook | null
  ) {}

  async save(path: string): Promise<void> {
    const open = this._find(path);
    if (open?.dirty) {
      await open.save();
    }
  }

  async keep(path: string, values: PartialJSONObject): Promise<void> {
    const open = this._find(path);
    if (open) {
      open.setMetadata(KEY, { ...asObject(open.getMetadata(KEY)), ...values });
      return open.save();
    }
    const file = await this._contents.get(path, { type: 'notebook', content: true });
    const notebook = asObject(file.content as PartialJSONValue);
    const metadata = asObject(notebook.metadata);
    const mlpack = { ...asObject(metadata[KEY]), ...values };
    const content = { ...notebook, metadata: { ...metadata, [KEY]: mlpack } };
    await this._contents.save(path, { type: 'notebook', format: 'json', content });
  }
}

const KEY = 'mlpack';

function asObject(value: PartialJSONValue | undefined): PartialJSONObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
