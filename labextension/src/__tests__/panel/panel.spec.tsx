import { Widget } from '@lumino/widgets';
import { act, configure, fireEvent, screen, waitFor } from '@testing-library/react';
import { MlpackModel } from '../../model';
import { MlpackPanel } from '../../panel';
import { IPlaces } from '../../places';
import { Location } from '../../tokens';
import { sequence } from '../contract';
import { makeTestModel, trans } from '../page';
import { TestServer } from '../server';
import { makeFailure, makeSettled } from './samples';

// A busy machine draws late.
configure({ asyncUtilTimeout: 5000 });

const PATH = 'work/train.ipynb';

let server: TestServer;
let model: MlpackModel;
let panel: MlpackPanel;
let went: Location[];

beforeEach(async () => {
  server = new TestServer();
  server.inspection = makeSettled();
  model = makeTestModel(server);
  await model.ready;
  went = [];
  const nowhere = (): void => undefined;
  const places: IPlaces = {
    open: nowhere,
    goTo: location => went.push(location),
    containerize: nowhere,
    train: nowhere,
    builds: nowhere
  };
  panel = new MlpackPanel({ model, trans, places });
});

afterEach(() => {
  panel.dispose();
  model.dispose();
});

/** The panel, in sight. */
function attach(path: string | null): void {
  act(() => {
    panel.path = path;
    Widget.attach(panel, document.body);
  });
}

/** A build of the notebook that ended with these events. */
function ended(state: 'succeeded' | 'failed', name = 'success'): void {
  const run = server.add({ kind: 'build', path: PATH, state: 'running' });
  const events = state === 'succeeded' ? sequence(name).entries.map(entry => entry.event) : [makeFailure()];
  server.end(run.id, state, ...events);
}

describe('the panel', () => {
  it('is a named region that says what it is for', async () => {
    attach(null);
    expect(await screen.findByText('From a notebook to a container')).toBeTruthy();
    expect(screen.getByRole('region', { name: 'Containerize' })).toBe(panel.node);
  });

  it('reads the notebook that it is told, and leads to its cells', async () => {
    attach(PATH);
    fireEvent.click((await screen.findAllByRole('button', { name: 'Imported in cell 3' }))[0]);
    expect(went).toEqual([{ path: PATH, cell: 3, line: 2 }]);
    expect(screen.getByRole('heading', { name: 'train.ipynb' })).toBeTruthy();
  });

  it('asks nothing while nobody sees it', async () => {
    panel.path = PATH;
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(server.requests.filter(request => request.startsWith('POST'))).toEqual([]);
  });

  it('builds, and shows the build', async () => {
    attach(PATH);
    await screen.findByText('77% here already');
    const button = screen.getByRole('button', { name: 'Build' });
    button.focus();
    fireEvent.click(button);
    expect(await screen.findByRole('list', { name: 'Phases of the build' })).toBeTruthy();
    // The button is gone; the focus stays in the panel.
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'train.ipynb' }));
    expect(server.requests).toContain('POST builds');
  });

  it('shows what came of the last build, and gets back to the draft and to it again', async () => {
    ended('succeeded');
    await model.refresh();
    attach(PATH);
    fireEvent.click(await screen.findByRole('button', { name: 'Build again' }));
    expect(await screen.findByRole('button', { name: 'Rebuild' })).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Last build: Succeeded' }));
    expect(await screen.findByText('The image is ready')).toBeTruthy();
  });

  it('shows the draft when it is asked for one, whatever was built', async () => {
    ended('succeeded');
    await model.refresh();
    attach(PATH);
    await screen.findByText('The image is ready');
    act(() => panel.compose(PATH));
    expect(await screen.findByRole('button', { name: 'Rebuild' })).toBeTruthy();
  });

  it('mends a failure: the action goes over the choices of the run, and builds', async () => {
    ended('failed');
    await model.refresh();
    attach(PATH);
    fireEvent.click(await screen.findByRole('button', { name: 'Build without pyaudio' }));
    await waitFor(() => expect(server.requests).toContain('POST builds'));
    expect(model.draft(PATH).choices).toEqual({ without: ['pyaudio'] });
  });

  it('says why when choices cannot be kept, and goes on', async () => {
    attach(PATH);
    await screen.findByRole('button', { name: 'Build' });
    act(() => model.choose(PATH, { name: 'x' }));
    jest.spyOn(model, 'keep').mockRejectedValue(new Error('disk full'));
    fireEvent.click(await screen.findByRole('button', { name: 'Keep in notebook' }));
    expect((await screen.findByRole('alert')).textContent).toContain('disk full');
    fireEvent.click(screen.getByRole('button', { name: 'Close' }));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('stays up when a view cannot be drawn', async () => {
    const silenced = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { plan } = server;
    server.plan = (path, choices) => ({ ...plan(path, choices), packages: null as unknown as [] });
    attach(PATH);
    expect((await screen.findByRole('alert')).textContent).toContain('could not be drawn');
    server.plan = plan;
    await act(() => model.inspect(PATH));
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('button', { name: 'Build' })).toBeTruthy();
    silenced.mockRestore();
  });
});
