import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { RunningRuns } from '../running';
import { showRun } from '../showrun';
import { IMlpack } from '../tokens';

/** Lists builds and trainings among what runs on the server. */
export const running: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpack:running',
  description: 'Lists builds and trainings among running kernels and terminals.',
  autoStart: true,
  requires: [IMlpack],
  optional: [IRunningSessionManagers, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: IMlpack,
    managers: IRunningSessionManagers | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mlpack');
    managers?.add(new RunningRuns(model, run => showRun(app.commands, run), trans));
  }
};
