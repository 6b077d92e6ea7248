import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Notices } from '../notices';
import { Settings } from '../settings';
import { showRun } from '../showrun';
import { ISidebar } from '../sidebar';
import { IMlpack } from '../tokens';

/** Tells in notifications how runs are getting on that the user does not look at. */
export const notices: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpack:notices',
  description: 'Notifies of builds and trainings that the user does not look at.',
  autoStart: true,
  requires: [IMlpack, ISidebar],
  optional: [ITranslator, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IMlpack,
    sidebar: ISidebar,
    translator: ITranslator | null,
    registry: ISettingRegistry | null
  ): void => {
    new Notices({
      model,
      settings: new Settings(registry),
      trans: (translator ?? nullTranslator).load('jupyter_mlpack'),
      sees: run => sidebar.shows(run.path) || app.shell.currentWidget?.id === LISTS[run.kind],
      show: run => showRun(app.commands, run)
    });
  }
};

/** The widget that shows runs of a kind, besides the panel. */
const LISTS = {
  build: 'jupyter-mlpack-builds',
  delivery: 'jupyter-mlpack-builds',
  service: 'jupyter-mlpack-builds',
  job: 'jupyter-mlpack-jobs'
};
