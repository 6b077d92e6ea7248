import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

const commands: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpack:commands',
  description: 'The commands of jupyter-mlpack.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => console.debug(app.name)
};

export default [commands];
