/** The model against a server in memory: whatever is lost, late or double, it ends as the server has it. */
import { JSONExt } from '@lumino/coreutils';
import { fold, EMPTY } from '../fold';
import { AGAIN, MlpackModel } from '../model';
import { RequestFailed } from '../problems';
import { Event } from '../tokens';
import { value } from './contract';
import { makeTestModel, TestNotebooks, TestVisibility, until } from './page';
import { problem, TestServer } from './server';

let server: TestServer;
let models: MlpackModel[];

/** A tab of its own. */
async function open(part: Parameters<typeof makeTestModel>[1] = {}): Promise<MlpackModel> {
  const model = makeTestModel(server, part);
  models.push(model);
  await model.ready;
  return model;
}

const started = (phase: string): Event => ({ event: 'PhaseStarted', phase });
const ended = (phase: string): Event => ({ event: 'PhaseEnded', phase, summary: '' });
const said = (...lines: string[]): Event => ({ event: 'LogLines', phase: 'build', lines });

/** What a model shows of a run. */
function shown(model: MlpackModel, id: string): unknown {
  return JSON.parse(JSON.stringify([model.run(id), model.fold(id)]));
}

/** What the server has of it. */
function truth(id: string): unknown {
  return JSON.parse(JSON.stringify([server.run(id), fold(EMPTY, server.entries(id))]));
}

function agrees(model: MlpackModel, id: string): boolean {
  return JSONExt.deepEqual(shown(model, id) as never, truth(id) as never);
}

/** Requests since the last call. */
function asked(): string[] {
  return server.requests.splice(0);
}

beforeEach(() => {
  server = new TestServer();
  models = [];
});

afterEach(() => {
  models.forEach(model => model.dispose());
  jest.useRealTimers();
});

describe('start', () => {
  it('asks again a server that was too busy to know its engines', async () => {
    jest.useFakeTimers();
    const { engines } = server.status;
    server.status = { ...server.status, engines: [] };
    const model = await open();
    server.status = { ...server.status, engines };
    await jest.advanceTimersByTimeAsync(AGAIN);
    expect(model.status?.engines).toEqual(engines);
    asked();
    await jest.advanceTimersByTimeAsync(3 * AGAIN);
    expect(asked().filter(request => request === 'GET status')).toEqual([]);
  });

  it('reads status and runs, newest first', async () => {
    server.add({ created: 100, state: 'succeeded' });
    server.add({ created: 200, state: 'failed' });
    const model = await open();
    expect(model.runs.map(run => run.id)).toEqual(['r2', 'r1']);
    expect(model.status?.user).toBe('ada');
    expect(model.problem).toBeNull();
    expect(asked().sort()).toEqual(['GET runs', 'GET status']);
  });

  it('tells that releases differ', async () => {
    server.version = '0.2.0.dev1';
    expect((await open({ version: '0.2.0-dev.1' })).mismatch).toBeNull();
    expect((await open({ version: '0.1.0' })).mismatch?.code).toBe('versions-differ');
    expect((await open({ version: null })).mismatch).toBeNull();
  });

  it('says that the server half is missing, and takes it back when it is there', async () => {
    server.rule = () => ({ status: 404, body: '<html>Not found</html>' });
    const model = await open();
    expect(model.problem?.code).toBe('server-missing');
    expect(model.problem?.hint).toContain('pip install jupyter-mlpack');
    server.rule = () => undefined;
    await model.refresh();
    expect(model.problem).toBeNull();
    expect(model.status).not.toBeNull();
  });

  it('looks for a server that is gone, with patience, and asks who it is when it comes', async () => {
    jest.useFakeTimers();
    server.rule = () => ({ status: 502, body: 'proxy' });
    const model = await open();
    expect(model.problem?.code).toBe('server-unreachable');
    asked();
    await jest.advanceTimersByTimeAsync(300_000);
    expect(asked().length).toBeLessThan(20);
    server.rule = () => undefined;
    await jest.advanceTimersByTimeAsync(61_000);
    expect(model.problem).toBeNull();
    expect(model.status?.user).toBe('ada');
    asked();
    await jest.advanceTimersByTimeAsync(300_000);
    expect(asked()).toEqual([]);
  });

  it('keeps the server clock, not its own', async () => {
    server.ahead = 3600;
    const model = await open();
    expect(Math.abs(model.now() - (Date.now() / 1000 + 3600))).toBeLessThan(1.5);
  });
});

describe('following a run', () => {
  it('shows its events as they come, in few requests', async () => {
    const model = await open();
    const { id } = server.add({ state: 'running' });
    model.follow(id);
    server.emit(id, started('build'), said('one', 'two'));
    await until(model, () => model.fold(id).log.length === 2);
    server.emit(id, said('three'), ended('build'));
    await until(model, () => agrees(model, id));
    expect(model.fold(id).log.map(line => line.text)).toEqual(['one', 'two', 'three']);
  });

  it('has at most one request for it under way', async () => {
    const { id } = server.add({ state: 'running' });
    const model = await open();
    server.rule = () => new Promise(resolve => setTimeout(resolve, 5));
    model.follow(id);
    for (let line = 0; line < 50; line++) {
      server.emit(id, said(`${line}`));
      await new Promise(resolve => setTimeout(resolve, 1));
    }
    await until(model, () => model.fold(id).seq === 50);
    expect(server.mostAtOnce).toBe(1);
    expect(asked().filter(request => request.endsWith('events')).length).toBeLessThan(40);
  });

  it('drops hints that are old, double or not ours', async () => {
    const { id } = server.add({ state: 'running' });
    const model = await open();
    model.follow(id);
    server.emit(id, started('build'));
    server.emit(id, said('one'));
    await until(model, () => agrees(model, id));
    asked();
    server.hint(id);
    server.hint(id, { seq: 1 });
    server.hint(id, { seq: 0 });
    server.hint(id, { schema_id: 'urn:other' } as never);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(asked()).toEqual([]);
  });

  it('reads a long log page by page', async () => {
    const { id } = server.add({ state: 'running' });
    server.emit(id, ...Array.from({ length: 1700 }, (_, line) => said(`${line}`)));
    server.end(id, 'succeeded');
    const model = await open();
    model.follow(id);
    await until(model, () => agrees(model, id));
    expect(model.fold(id).log).toHaveLength(1700);
    expect(asked().filter(request => request.endsWith('events'))).toHaveLength(4);
  });

  it('ends as the server when hints come in any order or not at all', async () => {
    const { id } = server.add({ state: 'running' });
    const model = await open();
    model.follow(id);
    server.silent = true;
    server.emit(id, started('inspect'), ended('inspect'), started('build'));
    server.silent = false;
    server.hint(id, { seq: 2 });
    server.hint(id, { seq: 3 });
    server.hint(id, { seq: 1 });
    await until(model, () => agrees(model, id));
    server.end(id, 'succeeded');
    await until(model, () => agrees(model, id));
    expect(model.run(id)?.state).toBe('succeeded');
  });

  it('catches up by polling when the socket is gone, and polls no more when all has ended', async () => {
    jest.useFakeTimers();
    const { id } = server.add({ state: 'running' });
    const model = await open();
    model.follow(id);
    server.silent = true;
    server.emit(id, started('build'), said('one'));
    await jest.advanceTimersByTimeAsync(10_500);
    expect(agrees(model, id)).toBe(true);
    server.end(id, 'failed');
    await jest.advanceTimersByTimeAsync(10_500);
    expect(agrees(model, id)).toBe(true);
    asked();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(asked()).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('reads what failed to be read, as soon as the server answers again', async () => {
    jest.useFakeTimers();
    const { id } = server.add({ state: 'running' });
    server.emit(id, said('one'));
    server.end(id, 'succeeded');
    const model = await open();
    server.rule = () => ({ status: 503, body: 'gone' });
    model.follow(id);
    await jest.advanceTimersByTimeAsync(5000);
    expect(model.problem?.code).toBe('server-unreachable');
    server.rule = () => undefined;
    await jest.advanceTimersByTimeAsync(120_000);
    expect(agrees(model, id)).toBe(true);
    expect(model.problem).toBeNull();
    asked();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(asked()).toEqual([]);
  });

  it('asks for nothing while nobody follows and nothing runs', async () => {
    jest.useFakeTimers();
    const { id } = server.add({ state: 'succeeded' });
    const model = await open();
    model.follow(id).dispose();
    await jest.advanceTimersByTimeAsync(1000);
    asked();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(asked()).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('finds a run that the page did not know yet', async () => {
    const model = await open();
    server.silent = true;
    const { id } = server.add({ state: 'running' });
    server.emit(id, said('one'));
    model.follow(id);
    await until(model, () => agrees(model, id));
  });

  it('shows at once what was folded before', async () => {
    const { id } = server.add({ state: 'running' });
    server.emit(id, said('one'));
    server.end(id, 'succeeded');
    const model = await open();
    const first = model.follow(id);
    await until(model, () => agrees(model, id));
    first.dispose();
    asked();
    model.follow(id);
    expect(agrees(model, id)).toBe(true);
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(asked()).toEqual([]);
  });
});

describe('a hidden page', () => {
  it('asks for nothing until it is seen, then has it all', async () => {
    jest.useFakeTimers();
    const visibility = new TestVisibility();
    const { id } = server.add({ state: 'running' });
    const model = await open({ visibility });
    model.follow(id);
    await jest.advanceTimersByTimeAsync(100);
    visibility.hidden = true;
    asked();
    for (let line = 0; line < 20; line++) {
      server.emit(id, said(`${line}`));
      await jest.advanceTimersByTimeAsync(10_000);
    }
    expect(asked()).toEqual([]);
    visibility.hidden = false;
    await jest.advanceTimersByTimeAsync(100);
    expect(agrees(model, id)).toBe(true);
  });

  it('still learns that a run ended', async () => {
    const visibility = new TestVisibility();
    const { id } = server.add({ state: 'running' });
    const model = await open({ visibility });
    visibility.hidden = true;
    server.end(id, 'succeeded');
    await until(model, () => model.run(id)?.state === 'succeeded');
  });
});

describe('two tabs of one server', () => {
  it('end the same, whoever starts, follows, cancels and removes', async () => {
    const [one, two] = [await open(), await open()];
    const run = await one.build('churn.ipynb');
    const id = run?.id ?? '';
    await until(two, () => two.run(id) !== null);
    two.follow(id);
    one.follow(id);
    server.emit(id, started('build'), said('one'));
    await until(one, () => agrees(one, id));
    await until(two, () => agrees(two, id));
    await two.cancel(id);
    expect(two.run(id)?.cancelling).toBe(true);
    server.end(id, 'cancelled');
    await until(one, () => agrees(one, id));
    await until(two, () => agrees(two, id));
    await one.remove(id, true);
    expect(one.run(id)).toBeNull();
    await until(two, () => two.run(id) === null);
    expect(two.runs).toEqual([]);
  });

  it('show a run that nobody follows, too', async () => {
    const [one, two] = [await open(), await open()];
    const { id } = server.add();
    server.emit(id, { event: 'JobChanged', state: 'running', exit_status: null });
    await until(one, () => one.run(id)?.state === 'running');
    server.emit(id, started('build'));
    await until(two, () => two.run(id)?.phase === 'build');
    server.end(id, 'succeeded');
    await until(one, () => one.run(id)?.state === 'succeeded');
    await until(two, () => two.run(id)?.state === 'succeeded');
  });
});

describe('any sequence of events, hints and losses', () => {
  it.each([1, 2, 3, 4, 5, 6])('ends as the server has it (seed %i)', async seed => {
    jest.useFakeTimers();
    let number = seed;
    const next = (): number => (number = (number * 16807) % 2147483647) / 2147483647;
    const { id } = server.add({ state: 'running' });
    const visibility = new TestVisibility();
    const [one, two] = [await open({ visibility }), await open()];
    one.follow(id);
    server.rule = async () => {
      await new Promise(resolve => setTimeout(resolve, next() * 50));
      return next() < 0.1 ? { status: 502, body: 'proxy' } : undefined;
    };
    for (let step = 0; step < 60; step++) {
      server.silent = next() < 0.4;
      visibility.hidden = next() < 0.2;
      server.emit(id, next() < 0.1 ? started(`phase ${step}`) : said(`${step}`));
      server.hint(id, { seq: Math.floor(next() * 60) });
      if (step === 30) {
        two.follow(id);
      }
      await jest.advanceTimersByTimeAsync(next() * 2000);
    }
    server.silent = next() < 0.5;
    visibility.hidden = false;
    server.end(id, 'succeeded', { event: 'BuildSucceeded', image: value('Image') });
    await jest.advanceTimersByTimeAsync(300_000);
    expect(shown(one, id)).toEqual(truth(id));
    expect(shown(two, id)).toEqual(truth(id));
    expect(server.mostAtOnce).toBeLessThanOrEqual(2);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('requests that fail', () => {
  it.each([
    [401, 'signed-out'],
    [403, 'forbidden'],
    [404, 'server-missing'],
    [500, 'answer-unreadable'],
    [502, 'server-unreachable'],
    [424, 'server-unreachable']
  ])('are told in words: %i', async (status, code) => {
    const model = await open();
    const { id } = server.add({ state: 'running' });
    await model.refresh();
    server.rule = () => ({ status, body: { message: 'Reason of the server' } });
    const failure = await model.drift(id).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RequestFailed);
    const told = (failure as RequestFailed).problem;
    expect(told.code).toBe(code);
    expect(told.message).not.toBe('');
    expect(told.hint).not.toBe('');
  });

  it("are told in the server's words when it has some", async () => {
    const { id } = server.add({ state: 'succeeded' });
    const model = await open();
    server.rule = () => problem(409, 'engine-busy', 'The engine is busy.');
    const job = { image: 'churn', path: 'churn.ipynb', parameters: {}, engine: 'process', secrets: {} };
    await expect(model.train(job)).rejects.toMatchObject({
      problem: { code: 'engine-busy', hint: 'Do something else.' }
    });
    await expect(model.deliver(id, 'there', false)).rejects.toBeInstanceOf(RequestFailed);
    await expect(model.remove(id, false)).rejects.toBeInstanceOf(RequestFailed);
    expect(model.run(id)).not.toBeNull();
    expect(model.problem).toBeNull();
  });

  it('for want of a network are told, and forgotten with the next answer', async () => {
    const { id } = server.add({ state: 'succeeded' });
    const model = await open();
    server.rule = () => {
      throw new TypeError('Failed to fetch');
    };
    await expect(model.drift(id)).rejects.toMatchObject({ problem: { why: 'Failed to fetch' } });
    expect(model.problem?.code).toBe('server-unreachable');
    server.rule = () => undefined;
    await model.drift(id);
    expect(model.problem).toBeNull();
  });

  it('of a run that was removed elsewhere, unheard, let it go', async () => {
    const [one, two] = [server.add({ state: 'succeeded' }), server.add({ state: 'succeeded' })];
    const model = await open();
    server.rule = ({ path }) => (path.startsWith('builds/') ? problem(404, 'run-unknown', 'Gone.') : undefined);
    await expect(model.remove(one.id, false)).rejects.toMatchObject({ status: 404 });
    await expect(model.drift(two.id)).rejects.toMatchObject({ status: 404 });
    expect(model.runs).toEqual([]);
  });

  it('of a run that is gone let it go', async () => {
    const { id } = server.add({ state: 'running' });
    const model = await open();
    server.rule = ({ path }) => (path.startsWith('builds/') ? problem(404, 'run-unknown', 'Gone.') : undefined);
    model.follow(id);
    await until(model, () => model.run(id) === null);
    await expect(model.cancel('never')).rejects.toMatchObject({ problem: { code: 'run-unknown' } });
  });
});

describe('disposing', () => {
  it('leaves no timer, no listener and no late change', async () => {
    jest.useFakeTimers();
    const visibility = new TestVisibility();
    const { id } = server.add({ state: 'running' });
    const model = await open({ visibility, notebooks: new TestNotebooks() });
    model.follow(id);
    void model.inspect('churn.ipynb');
    server.emit(id, said('one'));
    let told = 0;
    model.changed.connect(() => (told += 1));
    model.dispose();
    expect(visibility.isDisposed).toBe(true);
    asked();
    server.emit(id, said('two'));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(asked()).toEqual([]);
    expect(told).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});
