import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import metadata from '../../package.json';
import { makeModel } from '../model';
import { Notebooks } from '../notebooks';
import { OpenNotebooks } from '../opened';
import { IMlpack } from '../tokens';

/** Provides the state of builds and jobs. */
export const service: JupyterFrontEndPlugin<IMlpack> = {
  id: 'jupyter-mlpack:service',
  description: 'Provides the state of builds and trainings of notebooks.',
  autoStart: true,
  provides: IMlpack,
  optional: [INotebookTracker, ITranslator],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker | null, translator: ITranslator | null): IMlpack => {
    const { contents, events, serverSettings } = app.serviceManager;
    const opened = new OpenNotebooks(tracker, contents);
    return makeModel({
      serverSettings,
      trans: (translator ?? nullTranslator).load('jupyter_mlpack'),
      events: events.stream,
      notebooks: new Notebooks(contents, path => opened.document(path)),
      version: metadata.version
    });
  }
};
