import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addCommands } from '../commands';
import { OpenNotebooks } from '../opened';
import { Settings } from '../settings';
import { ISidebar } from '../sidebar';
import { CommandIDs, IMlpack } from '../tokens';

/** Adds what acts on a notebook: the toolbar button, the menu entries, the shortcut, the palette. */
export const commands: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpack:commands',
  description: 'Adds the Containerize button and the commands that act on a notebook.',
  autoStart: true,
  requires: [IMlpack, INotebookTracker, ISidebar],
  optional: [ITranslator, ICommandPalette, IFileBrowserFactory, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IMlpack,
    tracker: INotebookTracker,
    sidebar: ISidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    registry: ISettingRegistry | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mlpack');
    const opened = new OpenNotebooks(tracker, app.serviceManager.contents);
    const settings = new Settings(registry);
    addCommands({
      commands: app.commands,
      model,
      opened,
      browsers,
      sidebar,
      trans,
      asksBeforeCancel: () => settings.askBeforeCancel
    });
    const notify = (): void => {
      app.commands.notifyCommandChanged(CommandIDs.containerize);
      app.commands.notifyCommandChanged(CommandIDs.cancel);
    };
    tracker.currentChanged.connect(notify);
    model.changed.connect(notify);
    for (const command of [CommandIDs.containerize, CommandIDs.showPanel, CommandIDs.cancel]) {
      palette?.addItem({ command, category: trans.__('MLPack') });
    }
  }
};
