import { MlpackModel } from '../../model';
import { RunningRuns } from '../../running';
import { StatusModel } from '../../status';
import { Run } from '../../tokens';
import { makeTestModel, trans, until } from '../page';
import { TestServer } from '../server';

describe('What runs', () => {
  let server: TestServer;
  let model: MlpackModel;

  beforeEach(async () => {
    server = new TestServer();
    server.add({ state: 'succeeded' });
    server.add({ state: 'running', path: 'work/churn.ipynb', phase: 'build' });
    server.add({ state: 'queued', path: 'work/digits.ipynb', kind: 'job' });
    model = makeTestModel(server);
    await model.ready;
  });

  afterEach(() => model.dispose());

  it('is listed with a way to it and a way to stop it', async () => {
    const shown: Run[] = [];
    const running = new RunningRuns(model, run => shown.push(run), trans);
    const items = running.running();
    expect(items.map(item => [item.label(), item.detail?.()])).toEqual([
      ['digits.ipynb', 'Queued'],
      ['churn.ipynb', 'Install packages']
    ]);
    items[1].open?.();
    expect(shown.map(run => run.path)).toEqual(['work/churn.ipynb']);
    items[1].shutdown?.();
    await until(model, () => model.run('r2')?.cancelling === true);
    running.dispose();
  });

  it('is stopped altogether, without what has ended', async () => {
    const running = new RunningRuns(model, () => undefined, trans);
    running.shutdownAll();
    await until(model, () => model.runs.filter(run => run.cancelling).length === 2);
    expect(server.requests.filter(request => request.startsWith('DELETE')).sort()).toHaveLength(2);
    running.dispose();
  });

  it('changes the list only when its words change', async () => {
    const running = new RunningRuns(model, () => undefined, trans);
    let changes = 0;
    running.runningChanged.connect(() => changes++);
    server.emit('r2', { event: 'PhaseStarted', phase: 'export' });
    await until(model, () => model.run('r2')?.phase === 'export');
    const before = changes;
    server.emit('r2', { event: 'LogLines', phase: 'export', lines: ['a', 'b'] });
    await model.refresh();
    expect(model.run('r2')?.seq).toBe(2);
    expect(changes).toBe(before);
    server.end('r2', 'succeeded');
    await until(model, () => model.run('r2')?.state === 'succeeded');
    expect(changes).toBe(before + 1);
    running.dispose();
  });

  it('is counted in the status bar while there is any', async () => {
    const status = new StatusModel(model, trans);
    expect(status.text).toBe('1 build, 1 training');
    expect(status.title).toContain('work/churn.ipynb: Install packages');
    server.end('r2', 'failed');
    server.end('r3', 'cancelled');
    await until(model, () => model.runs.every(run => run.ended !== null || run.state === 'succeeded'));
    expect(status.text).toBe('');
    status.dispose();
  });
});
