import { Notification } from '@jupyterlab/apputils';
import { MlpackModel } from '../../model';
import { Notices } from '../../notices';
import { Notify } from '../../settings';
import { Run } from '../../tokens';
import { makeTestModel, trans, until } from '../page';
import { TestServer } from '../server';

/** What the notification centre holds, as `type: message`. */
function told(): string[] {
  return Notification.manager.notifications.map(({ type, message }) => `${type}: ${message}`);
}

describe('Notices', () => {
  let server: TestServer;
  let model: MlpackModel;
  let notices: Notices;
  let seen: boolean;
  let shown: Run[];
  const settings: { notify: Notify; askBeforeCancel: boolean } = { notify: 'always', askBeforeCancel: true };

  async function start(part: Partial<Run> = {}, notify: Notify = 'always', version = '0.1.0'): Promise<Run> {
    const run = server.add({ state: 'running', path: 'work/churn.ipynb', ...part });
    server.version = version;
    settings.notify = notify;
    model = makeTestModel(server);
    notices = new Notices({ model, settings, trans, sees: () => seen, show: each => shown.push(each) });
    await model.ready;
    return run;
  }

  async function end(run: Run, state: 'succeeded' | 'failed' | 'cancelled', part: Partial<Run> = {}): Promise<void> {
    server.change(run.id, part);
    server.end(run.id, state);
    await until(model, () => model.run(run.id)?.state === state);
  }

  beforeEach(() => {
    server = new TestServer();
    seen = false;
    shown = [];
  });

  afterEach(() => {
    notices.dispose();
    model.dispose();
    Notification.dismiss();
  });

  it('tells the phase in plain words, then the result, in one notification', async () => {
    const run = await start();
    expect(told()).toEqual(['in-progress: Building churn.ipynb']);
    server.emit(run.id, { event: 'PhaseStarted', phase: 'resolve' });
    await until(model, () => model.run(run.id)?.phase === 'resolve');
    expect(told()).toEqual(['in-progress: Building churn.ipynb: Choose versions']);
    await end(run, 'succeeded', { image: 'churn:training' });
    expect(told()).toEqual(['success: churn:training is ready to run']);
  });

  it('leads to the run', async () => {
    const run = await start();
    await end(run, 'failed', { failure: 'pyaudio could not be built.' });
    const [{ message, options }] = Notification.manager.notifications;
    expect(message).toBe('churn.ipynb could not be built. pyaudio could not be built.');
    expect(options.autoClose).toBeGreaterThan(0);
    const [action] = options.actions ?? [];
    expect(action.label).toBe('See why');
    action.callback(new MouseEvent('click'));
    expect(shown.map(each => each.id)).toEqual([run.id]);
  });

  it('is silent about what the user looks at, and goes when the user comes back', async () => {
    const run = await start();
    seen = true;
    server.emit(run.id, { event: 'PhaseStarted', phase: 'build' });
    await until(model, () => model.run(run.id)?.phase === 'build');
    expect(told()).toEqual([]);
    await end(run, 'succeeded');
    expect(told()).toEqual([]);
  });

  it('stays closed when the user has closed it, until the end', async () => {
    const run = await start();
    Notification.dismiss();
    server.emit(run.id, { event: 'PhaseStarted', phase: 'export' });
    await until(model, () => model.run(run.id)?.phase === 'export');
    expect(told()).toEqual([]);
    await end(run, 'succeeded', { image: 'churn:training' });
    expect(told()).toEqual(['success: churn:training is ready to run']);
  });

  it('tells nothing of runs of others, of runs that ended before, and of what was cancelled', async () => {
    server.add({ state: 'running', user: 'grace' });
    server.add({ state: 'failed' });
    const run = await start();
    await end(run, 'cancelled');
    expect(told()).toEqual([]);
  });

  it('does as the settings say', async () => {
    const run = await start({ kind: 'job' }, 'end');
    expect(told()).toEqual([]);
    await end(run, 'succeeded');
    expect(told()).toEqual(['success: The training of churn.ipynb is done']);
    settings.notify = 'never';
    Notification.dismiss();
    const other = server.add({ state: 'running' });
    server.hint(other.id);
    await until(model, () => model.run(other.id) !== null);
    await end(other, 'failed');
    expect(told()).toEqual([]);
  });

  it('keeps progress off the screen, and cuts what is too long for a notification', async () => {
    const run = await start();
    expect(Notification.manager.notifications[0].options.autoClose).toBe(0);
    await end(run, 'failed', { failure: 'x'.repeat(300) });
    expect(Notification.manager.notifications[0].message).toHaveLength(140);
  });

  it('tells once that front end and server are of different releases', async () => {
    const run = await start({}, 'never', '9.0.0');
    server.emit(run.id, { event: 'PhaseStarted', phase: 'build' });
    await until(model, () => model.run(run.id)?.phase === 'build');
    expect(told()).toHaveLength(1);
    expect(told()[0]).toMatch(/^warning: /);
  });
});
