/** Where views lead to: documents, cells, the panel, the lists. All paths are those of the contents manager. */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { NotebookPanel } from '@jupyterlab/notebook';
import { OpenNotebooks } from './opened';
import { CommandIDs, Location } from './tokens';

export interface IPlaces {
  /** Open a document: a notebook, an output. */
  open(path: string): void;
  /** Open the notebook and show the cell, flashed for a moment, with the cursor in the line. */
  goTo(location: Location): void;
  /** Show the panel for a notebook and inspect it. */
  containerize(path: string): void;
  /** The form of a new training of an image. */
  train(image: string, path: string): void;
  /** The list of builds. */
  builds(): void;
}

const FLASHED = 'jp-mod-mlpackFlashed';
const FLASH = 1500; // ms, as long as the animation in style/base.css

export class Places implements IPlaces {
  constructor(
    private _app: JupyterFrontEnd,
    private _opened: OpenNotebooks
  ) {}

  open(path: string): void {
    this._run('docmanager:open', { path });
  }

  goTo(location: Location): void {
    this._reveal(location).catch(failure => console.warn(failure));
  }

  containerize(path: string): void {
    this._run(CommandIDs.containerize, { path });
  }

  train(image: string, path: string): void {
    this._run(CommandIDs.openJobs, { image, path });
  }

  builds(): void {
    this._run(CommandIDs.openBuilds, {});
  }

  /** Commands tell their own failures; what is left is of interest to developers only. */
  private _run(command: string, args: { [name: string]: string }): void {
    this._app.commands.execute(command, args).catch(failure => console.warn(failure));
  }

  private async _reveal(location: Location): Promise<void> {
    const panel = await this._panel(location.path);
    if (!panel || location.cell === null) {
      return;
    }
    await Promise.all([panel.context.ready, panel.revealed]);
    const index = location.cell - 1;
    const cell = panel.content.widgets[index];
    if (!cell) {
      return;
    }
    panel.content.mode = 'command';
    panel.content.activeCellIndex = index;
    await panel.content.scrollToItem(index, 'smart');
    await cell.ready;
    if (location.line !== null) {
      cell.editor?.setCursorPosition({ line: location.line - 1, column: 0 });
    }
    cell.node.classList.add(FLASHED);
    setTimeout(() => cell.node.classList.remove(FLASHED), FLASH);
  }

  private async _panel(path: string): Promise<NotebookPanel | null> {
    const open = this._opened.find(path);
    if (open) {
      this._app.shell.activateById(open.id);
      return open;
    }
    await this._app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
    // Notebook 7 opens it in another page, where this cannot reach.
    return this._opened.find(path);
  }
}
