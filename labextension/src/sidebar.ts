/** The side panel's place in the application: which notebook it shows, and whether anybody sees it. */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import { OpenNotebooks } from './opened';

export interface ISidebar {
  /** The notebook that the panel shows. */
  readonly path: string | null;
  /** Bring the panel to the front; with a path, for this notebook. */
  show(path?: string): void;
  /** Bring it to the front with what would be built of this notebook, whatever was built of it before. */
  compose(path: string): void;
  /** Whether the user sees what happens to this notebook. */
  shows(path: string): boolean;
}

export const ISidebar = new Token<ISidebar>('jupyter-mlpack:ISidebar', 'Which notebook the panel of MLPack shows.');

/** The panel as far as its place is concerned. */
export type PathWidget = Widget & { path: string | null; compose(path: string): void };

/** Keeps the panel with the notebook that the user works in. */
export class Sidebar implements ISidebar {
  constructor(
    private _shell: JupyterFrontEnd.IShell,
    private _opened: OpenNotebooks,
    private _panel: PathWidget,
    tracker: INotebookTracker
  ) {
    tracker.currentChanged.connect(this._onCurrentChanged, this);
    this._onCurrentChanged(tracker, tracker.currentWidget);
  }

  get path(): string | null {
    return this._panel.path;
  }

  show(path?: string): void {
    if (path !== undefined) {
      this._panel.path = path;
    }
    this._shell.activateById(this._panel.id);
  }

  compose(path: string): void {
    this._panel.compose(path);
    this._shell.activateById(this._panel.id);
  }

  shows(path: string): boolean {
    return this._panel.isVisible && this._panel.path === path && document.visibilityState === 'visible';
  }

  private _onCurrentChanged(_: INotebookTracker, current: NotebookPanel | null): void {
    this._current?.context.pathChanged.disconnect(this._follow, this);
    this._current = current;
    current?.context.pathChanged.connect(this._follow, this);
    this._follow();
  }

  private _follow(): void {
    const current = this._current;
    this._panel.path = current && !this._opened.isForeign(current.context.path) ? this._opened.pathOf(current) : null;
  }

  private _current: NotebookPanel | null = null;
}
