import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { isOver } from '../fold';
import { showRun } from '../showrun';
import { StatusItem, StatusModel } from '../status';
import { CommandIDs, IMlpack } from '../tokens';

/** Adds the status bar's item. Notebook 7 has no status bar. */
export const status: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpack:status',
  description: 'Shows in the status bar how many builds and trainings run.',
  autoStart: true,
  requires: [IMlpack],
  optional: [IStatusBar, ITranslator],
  activate: (app: JupyterFrontEnd, model: IMlpack, bar: IStatusBar | null, translator: ITranslator | null): void => {
    if (!bar) {
      return;
    }
    const words = new StatusModel(model, (translator ?? nullTranslator).load('jupyter_mlpack'));
    const item = new StatusItem(words, () => {
      const [run, ...more] = model.runs.filter(each => !isOver(each.state));
      if (run && more.length === 0) {
        showRun(app.commands, run);
      } else {
        app.commands.execute(CommandIDs.openBuilds).catch(failure => console.warn(failure));
      }
    });
    bar.registerStatusItem('jupyter-mlpack:status', {
      item,
      align: 'middle',
      isActive: () => words.text !== '',
      activeStateChanged: words.stateChanged
    });
  }
};
