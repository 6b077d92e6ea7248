/** Saving a notebook, and keeping choices in its metadata, whether it is open or not. */
import { Contents } from '@jupyterlab/services';
import { PartialJSONObject, PartialJSONValue } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { IOpenNotebook, Notebooks } from '../notebooks';

type Content = { metadata: PartialJSONObject; cells: string[] };

/** A contents manager of one folder. */
class Folder {
  fileChanged = new Signal<Contents.IManager, Contents.IChangedArgs>(this as unknown as Contents.IManager);
  files: { [path: string]: Content } = {};

  get(path: string): Promise<Contents.IModel> {
    return Promise.resolve({ content: this.files[path] } as Contents.IModel);
  }

  save(path: string, { content }: Partial<Contents.IModel>): Promise<Contents.IModel> {
    this.files[path] = content as Content;
    return this.get(path);
  }
}

/** A notebook that is open. */
class Open implements IOpenNotebook {
  dirty = false;
  saves = 0;
  metadata: PartialJSONObject = {};

  getMetadata(key: string): PartialJSONValue | undefined {
    return this.metadata[key];
  }

  setMetadata(key: string, value: PartialJSONValue): void {
    this.metadata[key] = value;
    this.dirty = true;
  }

  save(): Promise<void> {
    this.saves += 1;
    this.dirty = false;
    return Promise.resolve();
  }
}

describe('notebooks', () => {
  let folder: Folder;
  let open: Open;
  let notebooks: Notebooks;

  beforeEach(() => {
    folder = new Folder();
    open = new Open();
    notebooks = new Notebooks(folder, path => (path === 'open.ipynb' ? open : null));
  });

  it('saves one that is open and has changes, and no other', async () => {
    await notebooks.save('open.ipynb');
    await notebooks.save('closed.ipynb');
    expect(open.saves).toBe(0);
    open.dirty = true;
    await notebooks.save('open.ipynb');
    expect(open.saves).toBe(1);
  });

  it('keeps choices in an open one, beside what is there', async () => {
    open.metadata = { mlpack: { name: 'churn', packages: ['a'] }, kernelspec: { name: 'python3' } };
    await notebooks.keep('open.ipynb', { packages: ['b'] });
    expect(open.metadata).toEqual({ mlpack: { name: 'churn', packages: ['b'] }, kernelspec: { name: 'python3' } });
    expect(open.saves).toBe(1);
  });

  it('keeps choices in a closed one, and leaves the rest of it alone', async () => {
    folder.files['closed.ipynb'] = { metadata: { language: 'python' }, cells: ['1 + 1'] };
    await notebooks.keep('closed.ipynb', { packages: ['b'] });
    expect(folder.files['closed.ipynb']).toEqual({
      metadata: { language: 'python', mlpack: { packages: ['b'] } },
      cells: ['1 + 1']
    });
  });

  it('tells what was saved and what was renamed', () => {
    const told: (string | null)[][] = [];
    notebooks.changed.connect((_, { path, was }) => told.push([path, was]));
    const file = (path: string): Contents.IModel => ({ path }) as Contents.IModel;
    folder.fileChanged.emit({ type: 'save', oldValue: null, newValue: file('a.ipynb') });
    folder.fileChanged.emit({ type: 'rename', oldValue: file('a.ipynb'), newValue: file('b.ipynb') });
    folder.fileChanged.emit({ type: 'delete', oldValue: file('b.ipynb'), newValue: null });
    notebooks.dispose();
    folder.fileChanged.emit({ type: 'save', oldValue: null, newValue: file('c.ipynb') });
    expect(told).toEqual([
      ['a.ipynb', null],
      ['b.ipynb', 'a.ipynb']
    ]);
  });

  it('takes a choice out that says nothing any more', async () => {
    open.metadata = { mlpack: { name: 'churn', packages: ['a'] } };
    await notebooks.keep('open.ipynb', { packages: [], hardware: {}, name: 'churn' });
    expect(open.metadata).toEqual({ mlpack: { name: 'churn' } });
  });
});
