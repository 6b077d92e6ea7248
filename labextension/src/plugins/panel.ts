import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { mlpackIcon } from '../icons';
import { OpenNotebooks } from '../opened';
import { MlpackPanel } from '../panel';
import { Places } from '../places';
import { ISidebar, Sidebar } from '../sidebar';
import { IMlpack } from '../tokens';

/** Adds the side panel, which follows the notebook that the user works in. */
export const panel: JupyterFrontEndPlugin<ISidebar> = {
  id: 'jupyter-mlpack:panel',
  description: 'Adds the side panel of a notebook: what it needs, its build, the image.',
  autoStart: true,
  provides: ISidebar,
  requires: [IMlpack, INotebookTracker],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    model: IMlpack,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ): ISidebar => {
    const trans = (translator ?? nullTranslator).load('jupyter_mlpack');
    const opened = new OpenNotebooks(tracker, app.serviceManager.contents);
    const widget = new MlpackPanel({ model, trans, places: new Places(app, opened) });
    widget.id = 'jupyter-mlpack-panel';
    widget.title.icon = mlpackIcon;
    widget.title.caption = trans.__('Containerize');
    app.shell.add(widget, 'right', { rank: 700, type: 'MLPack' });
    restorer?.add(widget, widget.id);
    return new Sidebar(app.shell, opened, widget, tracker);
  }
};
