import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addListCommands } from '../listcommands';
import { OpenNotebooks } from '../opened';
import { Places } from '../places';
import { CommandIDs, IMlpack } from '../tokens';

/** Adds the lists of builds and of trainings to the main area. */
export const lists: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpack:lists',
  description: 'Adds the lists of builds and of trainings.',
  autoStart: true,
  requires: [IMlpack],
  optional: [INotebookTracker, ITranslator, ICommandPalette, ILayoutRestorer, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    model: IMlpack,
    tracker: INotebookTracker | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    launcher: ILauncher | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mlpack');
    const places = new Places(app, new OpenNotebooks(tracker, app.serviceManager.contents));
    addListCommands({ app, model, places, restorer, trans });
    for (const command of [CommandIDs.openBuilds, CommandIDs.openJobs]) {
      palette?.addItem({ command, category: trans.__('MLPack') });
      launcher?.add({ command, category: trans.__('Other'), rank: 20 });
    }
  }
};
