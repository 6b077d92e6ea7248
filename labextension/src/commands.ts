/** The commands. Toolbar, menus and keys lead here by way of the settings schema, so that users can change them. */
import { showDialog, Dialog } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { stopIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { DisposableSet, IDisposable } from '@lumino/disposable';
import { isOver } from './fold';
import { mlpackIcon } from './icons';
import { OpenNotebooks } from './opened';
import { problemOf } from './problems';
import { ISidebar } from './sidebar';
import { CommandIDs, IMlpack, Run } from './tokens';

export interface ICommandOptions {
  commands: CommandRegistry;
  model: IMlpack;
  opened: OpenNotebooks;
  browsers: IFileBrowserFactory | null;
  sidebar: ISidebar;
  trans: TranslationBundle;
  /** Whether to ask before something that runs is cancelled. */
  asksBeforeCancel(): boolean;
}

/** Arguments of a command, as commands describe them. */
function describe(properties: {
  [name: string]: { type: string; description: string };
}): Partial<CommandRegistry.Description> {
  return { args: { type: 'object', properties } };
}

/** Add the commands that act on a notebook; they are gone when the result is disposed. */
export function addCommands(options: ICommandOptions): IDisposable {
  const { commands, opened, sidebar, trans } = options;
  const added = new DisposableSet();

  added.add(
    commands.addCommand(CommandIDs.containerize, {
      label: trans.__('Containerize Notebook'),
      caption: trans.__('See what this notebook needs and make a container image of it'),
      icon: mlpackIcon,
      isEnabled: args => typeof args.path === 'string' || opened.current !== null,
      describedBy: describe({
        path: { type: 'string', description: trans.__('The notebook; without it, the current one.') }
      }),
      execute: async args => containerize(options, typeof args.path === 'string' ? args.path : null)
    })
  );

  added.add(
    commands.addCommand(CommandIDs.containerizeFile, {
      label: trans.__('Containerize Notebook'),
      caption: trans.__('See what the selected notebook needs and make a container image of it'),
      icon: mlpackIcon,
      isEnabled: () => selected(options).length === 1,
      describedBy: describe({}),
      execute: async () => {
        const [path] = selected(options);
        return path === undefined ? undefined : containerize(options, path);
      }
    })
  );

  added.add(
    commands.addCommand(CommandIDs.showPanel, {
      label: trans.__('Show the Containerize Panel'),
      caption: trans.__('Show the panel for the current notebook'),
      icon: mlpackIcon,
      describedBy: describe({
        path: { type: 'string', description: trans.__('The notebook; without it, the one that the panel shows.') }
      }),
      execute: args => sidebar.show(typeof args.path === 'string' ? args.path : undefined)
    })
  );

  added.add(
    commands.addCommand(CommandIDs.cancel, {
      label: trans.__('Cancel the Build of This Notebook'),
      caption: trans.__('Cancel the build or the training that runs'),
      icon: stopIcon,
      isEnabled: args => cancellable(options, args.id) !== null,
      describedBy: describe({
        id: { type: 'string', description: trans.__('The run; without it, the newest of the current notebook.') }
      }),
      execute: async args => cancel(options, cancellable(options, args.id))
    })
  );
  return added;
}

/** Save the notebook, show the panel for it, inspect it. */
async function containerize({ model, opened, sidebar, trans }: ICommandOptions, path: string | null): Promise<void> {
  const panel = path === null ? opened.current : opened.find(path);
  const full = panel?.context.path ?? path;
  if (full === null) {
    return;
  }
  if (opened.isForeign(full)) {
    await showDialog({
      title: trans.__('This notebook cannot be containerized here'),
      body: trans.__('%1 is not among the files of this server. Save a copy in the file browser and try again.', full),
      buttons: [Dialog.okButton()]
    });
    return;
  }
  if (panel && !(await save(panel))) {
    return;
  }
  const local = panel ? opened.pathOf(panel) : full;
  sidebar.compose(local);
  await model.inspect(local);
}

/** Whether the file now holds what the user sees. A failure has been told by the document's own dialog. */
async function save(panel: NotebookPanel): Promise<boolean> {
  const { context } = panel;
  await context.ready;
  if (context.model.dirty && context.contentsModel?.writable !== false) {
    try {
      await context.save();
    } catch {
      return false;
    }
  }
  return true;
}

/** The notebooks that are selected in the file browser in use, as documents name them. */
function selected({ browsers }: ICommandOptions): string[] {
  const items = browsers?.tracker.currentWidget?.selectedItems();
  return items ? [...items].filter(item => item.type === 'notebook').map(item => item.path) : [];
}

/** The run of this id, or the newest of the panel's notebook, if it can be cancelled now. */
function cancellable({ model, sidebar }: ICommandOptions, id: unknown): Run | null {
  const runs = typeof id === 'string' ? model.runs.filter(run => run.id === id) : model.runs;
  const wanted = (run: Run) => typeof id === 'string' || run.path === sidebar.path;
  return runs.find(run => wanted(run) && !isOver(run.state) && !run.cancelling) ?? null;
}

async function cancel({ model, trans, asksBeforeCancel }: ICommandOptions, run: Run | null): Promise<void> {
  if (!run) {
    return;
  }
  if (asksBeforeCancel()) {
    const { button } = await showDialog({
      title: trans.__('Cancel what runs for %1?', run.path || run.image),
      body: trans.__('What was done so far is kept for the next time where that is possible.'),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Let it run') }),
        Dialog.warnButton({ label: trans.__('Cancel it') })
      ]
    });
    if (!button.accept) {
      return;
    }
  }
  try {
    await model.cancel(run.id);
  } catch (failure) {
    const problem = problemOf(failure, trans);
    await showDialog({
      title: problem.message,
      body: [problem.why, problem.hint].join(' '),
      buttons: [Dialog.okButton()]
    });
  }
}
