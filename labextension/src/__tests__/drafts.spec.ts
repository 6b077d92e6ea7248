/** What is known and decided of a notebook before a build. */
import { MlpackModel } from '../model';
import { RequestFailed } from '../problems';
import { value } from './contract';
import { makeTestModel, TestNotebooks, until } from './page';
import { problem, TestServer } from './server';

const PATH = 'churn.ipynb';

let server: TestServer;
let notebooks: TestNotebooks;
let model: MlpackModel;

function asked(noun: string): number {
  return server.requests.filter(request => request === `POST ${noun}`).length;
}

beforeEach(async () => {
  server = new TestServer();
  notebooks = new TestNotebooks();
  model = makeTestModel(server, { notebooks });
  await model.ready;
});

afterEach(() => model.dispose());

describe('inspection', () => {
  it('is followed by the plan', async () => {
    expect(model.draft(PATH)).toMatchObject({ inspection: null, plan: null, busy: null });
    const done = model.inspect(PATH);
    expect(model.draft(PATH).busy).toBe('inspection');
    await until(model, () => model.draft(PATH).busy === 'plan');
    expect(model.draft(PATH).inspection?.notebook).toBe(PATH);
    await done;
    expect(model.draft(PATH)).toMatchObject({ plan: value('Plan'), busy: null, problem: null });
  });

  it('is asked for once when it is called for in a swarm', async () => {
    await Promise.all([model.inspect(PATH), model.inspect(PATH), model.inspect(PATH)]);
    expect([asked('inspections'), asked('plans')]).toEqual([1, 1]);
  });

  it('drops the answers to an older question, however late they come', async () => {
    const waiting: (() => void)[] = [];
    server.rule = ({ path }) =>
      path === 'inspections' ? new Promise<void>(resolve => waiting.push(resolve)) : undefined;
    server.plan = (_, choices) => ({ ...value('Plan'), name: choices.name ?? 'none' });
    const first = model.inspect(PATH);
    await waited(() => waiting.length === 1);
    model.choose(PATH, { name: 'second' });
    await waited(() => waiting.length === 2);
    waiting[1]();
    await until(model, () => model.draft(PATH).plan?.name === 'second');
    waiting[0]();
    await first;
    await waited(() => true);
    expect(model.draft(PATH).plan?.name).toBe('second');
    expect(asked('plans')).toBe(1);
  });

  it('that is refused says why; one without an answer leaves what was known', async () => {
    await model.inspect(PATH);
    server.rule = ({ path }) =>
      path === 'plans' ? problem(422, 'imports-unresolved', 'Nobody knows cv3x.') : undefined;
    await model.inspect(PATH);
    expect(model.draft(PATH)).toMatchObject({ plan: null, problem: { code: 'imports-unresolved' }, busy: null });
    expect(model.draft(PATH).inspection).not.toBeNull();
    server.rule = () => {
      throw new TypeError('Failed to fetch');
    };
    await model.inspect(PATH);
    expect(model.draft(PATH).problem?.code).toBe('server-unreachable');
    expect(model.draft(PATH).inspection).not.toBeNull();
    server.rule = () => problem(404, 'notebook-missing', 'There is no such notebook.');
    await model.inspect(PATH);
    expect(model.draft(PATH)).toMatchObject({ inspection: null, plan: null, problem: { code: 'notebook-missing' } });
    server.rule = () => undefined;
    await model.inspect(PATH);
    expect(model.draft(PATH).problem).toBeNull();
  });

  it('of a shared document is that of its file', async () => {
    await model.inspect(`RTC:${PATH}`);
    expect(model.draft(PATH).inspection?.notebook).toBe(PATH);
  });

  it('gives up nothing but the stale question when it is overtaken: the server still counts as there', async () => {
    server.rule = () => new Promise(resolve => setTimeout(resolve, 20));
    const first = model.inspect(PATH);
    await waited(() => asked('inspections') === 1);
    model.choose(PATH, { name: 'x' });
    await first;
    expect(model.problem).toBeNull();
    expect(model.draft(PATH).problem).toBeNull();
  });
});

describe('a notebook that changes', () => {
  it('is stale once it was saved, until it is asked for anew', async () => {
    await model.inspect(PATH);
    expect(model.draft(PATH).stale).toBe(false);
    notebooks.changed.emit({ path: `RTC:${PATH}`, was: null });
    expect(model.draft(PATH).stale).toBe(true);
    expect(asked('inspections')).toBe(1);
    await model.inspect(PATH);
    expect(model.draft(PATH).stale).toBe(false);
  });

  it('is stale after a build, which changes what can be reused', async () => {
    await model.inspect(PATH);
    await model.build(PATH);
    expect(model.draft(PATH).stale).toBe(true);
  });

  it('takes its draft along when it is renamed', async () => {
    await model.inspect(PATH);
    model.choose(PATH, { name: 'churn' });
    notebooks.changed.emit({ path: 'new.ipynb', was: PATH });
    expect(model.draft('new.ipynb')).toMatchObject({ path: 'new.ipynb', choices: { name: 'churn' }, stale: true });
    expect(model.draft('new.ipynb').busy).toBeNull();
    expect(model.draft(PATH).choices).toEqual({});
    await model.inspect('new.ipynb');
    expect(model.draft('new.ipynb').inspection?.notebook).toBe('new.ipynb');
  });
});

describe('choices', () => {
  it('count at once, and are asked for after a pause, together', async () => {
    model.choose(PATH, { name: 'ch' });
    model.choose(PATH, { name: 'churn', packages: ['pyarrow'] });
    expect(model.draft(PATH).choices).toEqual({ name: 'churn', packages: ['pyarrow'] });
    await until(model, () => model.draft(PATH).plan?.name === 'churn');
    expect(asked('plans')).toBe(1);
  });

  it('are laid over each other key by key, and forgotten when undefined', () => {
    model.choose(PATH, { name: 'churn', hardware: { accelerator: 'gpu', count: 2 } });
    model.choose(PATH, { hardware: { accelerator: 'cpu' } });
    expect(model.draft(PATH).choices).toEqual({ name: 'churn', hardware: { accelerator: 'cpu' } });
    model.choose(PATH, { name: undefined });
    expect(model.draft(PATH).choices).toEqual({ hardware: { accelerator: 'cpu' } });
  });

  it('are unsaved while they differ from what the notebook keeps; empty is as good as absent', async () => {
    server.saved[PATH] = { packages: ['pyarrow'] };
    await model.inspect(PATH);
    expect(model.draft(PATH)).toMatchObject({ saved: { packages: ['pyarrow'] }, unsaved: false });
    model.choose(PATH, { packages: ['pyarrow'], ignore: [], hardware: {}, name: '' });
    expect(model.draft(PATH).unsaved).toBe(false);
    model.choose(PATH, { packages: [] });
    expect(model.draft(PATH).unsaved).toBe(true);
    model.choose(PATH, { packages: undefined, modules: { cv2: 'opencv-python' } });
    expect(model.draft(PATH).unsaved).toBe(true);
    model.choose(PATH, { modules: {} });
    expect(model.draft(PATH).unsaved).toBe(false);
  });

  it('are kept in the notebook when asked, and are no longer unsaved', async () => {
    await model.inspect(PATH);
    model.choose(PATH, { packages: ['pyarrow'] });
    await model.keep(PATH);
    expect(notebooks.kept[PATH]).toEqual({ packages: ['pyarrow'] });
    expect(model.draft(PATH)).toMatchObject({ saved: { packages: ['pyarrow'] }, choices: {}, unsaved: false });
  });

  it('stay when the notebook cannot be saved, and the reason is told', async () => {
    model.choose(PATH, { packages: ['pyarrow'] });
    notebooks.failure = new Error('The disk is full');
    const failure = await model.keep(PATH).catch((error: unknown) => error);
    expect((failure as RequestFailed).problem).toMatchObject({ code: 'choices-not-kept', why: 'The disk is full' });
    expect(model.draft(PATH)).toMatchObject({ choices: { packages: ['pyarrow'] }, unsaved: true });
  });
});

describe('build', () => {
  it('saves the notebook, sends the choices, and is the newest build of its notebook', async () => {
    model.choose(PATH, { name: 'churn' });
    const run = model.build(PATH);
    expect(model.draft(PATH).busy).toBe('build');
    const started = await run;
    expect(notebooks.saved).toEqual([PATH]);
    expect(started).toMatchObject({ kind: 'build', path: PATH, choices: { name: 'churn' } });
    expect(model.draft(PATH)).toMatchObject({ busy: null, build: started?.id, problem: null });
    expect(model.runs[0].id).toBe(started?.id);
  });

  it('happens once for two clicks', async () => {
    const [one, two] = await Promise.all([model.build(PATH), model.build(PATH)]);
    expect(one?.id).toBe(two?.id);
    expect(asked('builds')).toBe(1);
  });

  it('that is refused says why in the draft', async () => {
    server.rule = ({ path }) => (path === 'builds' ? problem(503, 'queue-full', 'Too many builds wait.') : undefined);
    expect(await model.build(PATH)).toBeNull();
    expect(model.draft(PATH)).toMatchObject({ busy: null, problem: { code: 'queue-full' } });
  });

  it('does not start when the notebook cannot be saved', async () => {
    notebooks.failure = new Error('Read only');
    expect(await model.build(PATH)).toBeNull();
    expect(model.draft(PATH).problem?.why).toBe('Read only');
    expect(asked('builds')).toBe(0);
  });

  it('of somebody else shows in the draft, too', async () => {
    const { id } = server.add({ path: PATH, state: 'running' });
    server.emit(id, { event: 'PhaseStarted', phase: 'inspect' });
    await until(model, () => model.draft(PATH).build === id);
    expect(model.draft('other.ipynb').build).toBeNull();
  });
});

/** Resolves when `holds`, asked again and again. */
async function waited(holds: () => boolean): Promise<void> {
  do {
    await new Promise(resolve => setTimeout(resolve, 10));
  } while (!holds());
}
