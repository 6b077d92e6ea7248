/** The notebooks that are open in this page, and their paths as the server half names them. */
import { NotebookPanel, INotebookTracker } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';
import { PartialJSONValue } from '@lumino/coreutils';
import { IOpenNotebook } from './notebooks';

/** Older collaboration servers put the contents manager's own files on a drive of this name. */
const SHARED_DRIVE = 'RTC';

export class OpenNotebooks {
  constructor(
    private _tracker: INotebookTracker | null,
    private _contents: Contents.IManager
  ) {}

  /** The notebook that the user works in. */
  get current(): NotebookPanel | null {
    return this._tracker?.currentWidget ?? null;
  }

  /** Path of a notebook below the server's root. */
  pathOf(panel: NotebookPanel): string {
    return this._contents.localPath(panel.context.path);
  }

  /** Whether a path, as documents have it, is on a drive that the server half cannot read. */
  isForeign(path: string): boolean {
    return !['', SHARED_DRIVE].includes(this._contents.driveName(path));
  }

  /** The panel of an open notebook, by its local path. */
  find(path: string): NotebookPanel | null {
    return this._tracker?.find(panel => !this.isForeign(panel.context.path) && this.pathOf(panel) === path) ?? null;
  }

  /** The same as the few things that a model needs of it. */
  document(path: string): IOpenNotebook | null {
    const context = this.find(path)?.context;
    if (!context) {
      return null;
    }
    return {
      get dirty() {
        return context.model.dirty && context.contentsModel?.writable !== false;
      },
      getMetadata: key => context.model.getMetadata(key) as PartialJSONValue | undefined,
      setMetadata: (key, value) => context.model.setMetadata(key, value),
      save: () => context.save()
    };
  }
}
