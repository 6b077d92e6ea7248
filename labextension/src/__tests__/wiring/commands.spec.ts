import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { NotebookPanel } from '@jupyterlab/notebook';
import { CommandRegistry } from '@lumino/commands';
import { addCommands } from '../../commands';
import { MlpackModel } from '../../model';
import { OpenNotebooks } from '../../opened';
import { CommandIDs } from '../../tokens';
import { makeTestModel, trans, until } from '../page';
import { TestServer } from '../server';

/** The parts of an open notebook that the commands touch. */
class OpenNotebook {
  constructor(path: string, dirty: boolean, writable = true) {
    this.context = {
      path,
      ready: Promise.resolve(),
      contentsModel: { writable },
      model: { dirty },
      save: () => {
        if (this.refuses) {
          return Promise.reject(new Error('disk full'));
        }
        this.context.model.dirty = false;
        return Promise.resolve();
      }
    };
  }

  refuses = false;
  readonly context;
}

/** Notebooks that are open, on drives as the contents manager names them. */
class Opened extends OpenNotebooks {
  constructor(readonly list: OpenNotebook[] = []) {
    const localPath = (path: string): string => path.split(':').pop() ?? path;
    const driveName = (path: string): string => (path.includes(':') ? path.split(':')[0] : '');
    super(null, { localPath, driveName } as never);
  }

  get current(): NotebookPanel | null {
    return (this.list[0] as unknown as NotebookPanel) ?? null;
  }

  find(path: string): NotebookPanel | null {
    return (this.list.find(each => each.context.path === path) as unknown as NotebookPanel) ?? null;
  }
}

/** Press a button of the dialog that is about to open; its text. */
async function answer(button: string): Promise<string> {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, 10));
    const pressed = document.querySelector<HTMLElement>(`.jp-Dialog ${button}`);
    if (pressed) {
      const text = document.querySelector('.jp-Dialog')?.textContent ?? '';
      pressed.click();
      return text;
    }
  }
}

describe('The commands', () => {
  const commands = new CommandRegistry();
  let server: TestServer;
  let model: MlpackModel;
  let shown: string[];
  let asks: boolean;
  let added: { dispose(): void };
  const sidebar = {
    path: 'work/churn.ipynb' as string | null,
    show: (path?: string) => void shown.push(`show ${path}`),
    compose: (path: string) => void shown.push(`compose ${path}`),
    shows: () => false
  };

  async function start(opened: OpenNotebook[] = [], selected: { type: string; path: string }[] = []): Promise<void> {
    const browsers = { tracker: { currentWidget: { selectedItems: () => selected.values() } } };
    added = addCommands({
      commands,
      model,
      opened: new Opened(opened),
      browsers: browsers as unknown as IFileBrowserFactory,
      sidebar,
      trans,
      asksBeforeCancel: () => asks
    });
    await model.ready;
  }

  beforeEach(() => {
    server = new TestServer();
    model = makeTestModel(server);
    shown = [];
    asks = false;
  });

  afterEach(() => {
    added.dispose();
    model.dispose();
  });

  it('describe themselves', async () => {
    await start();
    for (const id of commands.listCommands()) {
      expect(commands.label(id)).not.toBe('');
      expect(commands.caption(id)).not.toBe('');
      expect(commands.icon(id)).toBeDefined();
      expect((await commands.describedBy(id)).args).toMatchObject({ type: 'object' });
    }
    expect(commands.listCommands()).toHaveLength(4);
  });

  it('containerize: saves what is not saved, shows the panel, inspects', async () => {
    const notebook = new OpenNotebook('work/churn.ipynb', true);
    await start([notebook]);
    await commands.execute(CommandIDs.containerize);
    expect(notebook.context.model.dirty).toBe(false);
    expect(shown).toEqual(['compose work/churn.ipynb']);
    expect(server.requests).toContain('POST inspections');
  });

  it('containerize: takes a notebook that nobody may write to as it is', async () => {
    const notebook = new OpenNotebook('shared/churn.ipynb', true, false);
    await start([notebook]);
    await commands.execute(CommandIDs.containerize);
    expect(notebook.context.model.dirty).toBe(true);
    expect(shown).toEqual(['compose shared/churn.ipynb']);
  });

  it('containerize: inspects nothing that is not what the user sees', async () => {
    const notebook = new OpenNotebook('work/churn.ipynb', true);
    notebook.refuses = true;
    await start([notebook]);
    await commands.execute(CommandIDs.containerize);
    expect(shown).toEqual([]);
    expect(server.requests).not.toContain('POST inspections');
  });

  it('containerize: refuses a foreign drive in words', async () => {
    await start([new OpenNotebook('s3:churn.ipynb', false)]);
    const done = commands.execute(CommandIDs.containerize);
    expect(await answer('.jp-mod-accept')).toContain('s3:churn.ipynb is not among the files of this server.');
    await done;
    expect(shown).toEqual([]);
  });

  it('containerize: is off without a notebook, and takes a path', async () => {
    await start();
    expect(commands.isEnabled(CommandIDs.containerize)).toBe(false);
    await commands.execute(CommandIDs.containerize, { path: 'work/digits.ipynb' });
    expect(shown).toEqual(['compose work/digits.ipynb']);
  });

  it('containerize-file: takes what is selected in the file browser, one notebook', async () => {
    const selected = [{ type: 'notebook', path: 'work/digits.ipynb' }];
    await start([new OpenNotebook('work/churn.ipynb', false)], selected);
    await commands.execute(CommandIDs.containerizeFile);
    expect(shown).toEqual(['compose work/digits.ipynb']);
    selected.push({ type: 'file', path: 'work/data.csv' });
    expect(commands.isEnabled(CommandIDs.containerizeFile)).toBe(true);
    selected.push({ type: 'notebook', path: 'work/other.ipynb' });
    expect(commands.isEnabled(CommandIDs.containerizeFile)).toBe(false);
  });

  it("cancel: takes the panel's notebook's run, and asks where the settings say so", async () => {
    server.add({ state: 'running', path: 'work/other.ipynb' });
    server.add({ state: 'running', path: 'work/churn.ipynb' });
    model.dispose();
    model = makeTestModel(server);
    await start();
    asks = true;
    const refused = commands.execute(CommandIDs.cancel);
    expect(await answer('.jp-mod-reject')).toContain('work/churn.ipynb');
    await refused;
    expect(server.run('r2').cancelling).toBe(false);
    asks = false;
    await commands.execute(CommandIDs.cancel);
    await until(model, () => model.run('r2')?.cancelling === true);
    expect(server.run('r1').cancelling).toBe(false);
    expect(commands.isEnabled(CommandIDs.cancel)).toBe(false);
    expect(commands.isEnabled(CommandIDs.cancel, { id: 'r1' })).toBe(true);
  });

  it('show-panel: shows a notebook without asking anything anew', async () => {
    await start();
    await commands.execute(CommandIDs.showPanel, { path: 'work/digits.ipynb' });
    expect(shown).toEqual(['show work/digits.ipynb']);
    expect(server.requests).not.toContain('POST inspections');
  });
});
