/** The commands that open the lists: one widget each in the main area, loaded when it is first asked for. */
import { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import { buildsIcon, jobsIcon } from './icons';
import { IPlaces } from './places';
import { CommandIDs, IMlpack } from './tokens';

export interface IListOptions {
  app: JupyterFrontEnd;
  model: IMlpack;
  places: IPlaces;
  restorer: ILayoutRestorer | null;
  trans: TranslationBundle;
}

/** Add the commands, and let JupyterLab open again what was open before a reload. */
export function addListCommands({ app, model, places, restorer, trans }: IListOptions): void {
  const { commands } = app;

  const builds = new Single(app, 'jupyter-mlpack-builds', buildsIcon, async () => {
    const { BuildsWidget } = await import('./lists');
    return new BuildsWidget({ model, trans, places });
  });
  commands.addCommand(CommandIDs.openBuilds, {
    label: trans.__('Notebook Builds'),
    caption: trans.__('All builds of notebooks, their images, and the space they take'),
    icon: buildsIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => (await builds.open()).main
  });
  builds.restore(restorer, CommandIDs.openBuilds);

  const jobs = new Single(app, 'jupyter-mlpack-jobs', jobsIcon, async () => {
    const { JobsWidget } = await import('./lists');
    return new JobsWidget({ model, trans, places });
  });
  commands.addCommand(CommandIDs.openJobs, {
    label: trans.__('Notebook Trainings'),
    caption: trans.__('All trainings of notebooks: start one, follow it, open its results'),
    icon: jobsIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          id: { type: 'string', description: trans.__('The training to show.') },
          image: { type: 'string', description: trans.__('The image of a new training.') },
          path: { type: 'string', description: trans.__('The notebook that the image is of.') }
        }
      }
    },
    execute: async args => {
      const { content, main } = await jobs.open();
      const { id, image, path } = strings(args);
      if (id) {
        content.select(id);
      } else if (image) {
        content.create(image, path ?? '');
      }
      return main;
    }
  });
  jobs.restore(restorer, CommandIDs.openJobs);
}

function strings(args: ReadonlyPartialJSONObject): { [name: string]: string | undefined } {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => typeof value === 'string')) as {
    [name: string]: string;
  };
}

interface IOpened<T extends Widget> {
  content: T;
  main: MainAreaWidget<T>;
}

/** A widget of the main area of which there is one at most. */
class Single<T extends Widget> {
  constructor(
    private _app: JupyterFrontEnd,
    private _id: string,
    private _icon: LabIcon,
    private _make: () => Promise<T>
  ) {
    this._tracker = new WidgetTracker({ namespace: _id });
  }

  /** Show it, made if need be. */
  async open(): Promise<IOpened<T>> {
    if (!this._opened || (await this._opened).main.isDisposed) {
      this._opened = this._add();
    }
    const opened = await this._opened;
    this._app.shell.activateById(opened.main.id);
    return opened;
  }

  restore(restorer: ILayoutRestorer | null, command: string): void {
    restorer?.restore(this._tracker, { command, name: () => this._id }).catch(failure => console.warn(failure));
  }

  private async _add(): Promise<IOpened<T>> {
    const content = await this._make();
    const main = new MainAreaWidget<T>({ content });
    main.id = this._id;
    main.title.icon = this._icon;
    main.title.label = content.title.label;
    main.title.closable = true;
    main.toolbar.hide();
    this._app.shell.add(main, 'main');
    await this._tracker.add(main);
    return { content, main };
  }

  private _tracker: WidgetTracker<MainAreaWidget<T>>;
  private _opened: Promise<IOpened<T>> | null = null;
}
