import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

const commands: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpack:commands',
  description: 'The commands of jupyter-mlpack.',
  autoStart: true,
  activate: (_: JupyterFrontEnd) => undefined
};

export default [commands];
