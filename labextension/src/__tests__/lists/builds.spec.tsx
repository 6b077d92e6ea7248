import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { Run, RunFold } from '../../tokens';
import { Builds } from '../../views/builds';
import { press, settle } from './hand';
import { Held, INSPECTION, makeFold, makeImage, makeRun, NOW, PROBLEM, trans, Visited } from './held';

const GOOD = makeRun();
const BAD = makeRun({
  id: 'b2',
  path: 'churn.ipynb',
  image: 'churn:training',
  state: 'failed',
  size: 0,
  failure: 'No.'
});
const LIVE = makeRun({
  id: 'b3',
  path: 'live.ipynb',
  image: '',
  state: 'running',
  phase: 'build',
  ended: null,
  size: 0
});
const SERVING = { ...makeImage('{}'), processes: [{ ...makeImage('{}').processes[0], type: 'serve' }] };
const OLD = makeRun({ id: 'b0', created: NOW - 90_000 });

function show(model: Held, onRemove: (id: string) => Promise<string | null> = () => Promise.resolve(null)): Visited {
  const places = new Visited();
  const attempt = (work: Promise<unknown>): void => void work.catch(() => undefined);
  render(<Builds model={model} places={places} trans={trans} problem={null} attempt={attempt} onRemove={onRemove} />);
  return places;
}

/** Names of the rows' images, from top to bottom. */
function names(): (string | null)[] {
  return [...document.querySelectorAll('tbody th[scope=row]')].map(cell => cell.textContent);
}

/** Says that an element came into view, as the browser would. */
const seen = new Map<Element, () => void>();

beforeEach(() => {
  seen.clear();
  window.IntersectionObserver = class {
    constructor(private _told: IntersectionObserverCallback) {}
    observe(place: Element): void {
      const entry = { isIntersecting: true, target: place } as unknown as IntersectionObserverEntry;
      seen.set(place, () => this._told([entry], this as unknown as IntersectionObserver));
    }
    disconnect(): void {
      seen.clear();
    }
  } as unknown as typeof IntersectionObserver;
});

it('says what to do while there is nothing', () => {
  show(new Held([makeRun({ kind: 'job' })]));
  expect(screen.getByText(/press “Containerize”/)).toBeTruthy();
});

it('shows each build with state in words, size, age, person and time', async () => {
  show(new Held([GOOD]));
  await settle();
  const cells = within(screen.getAllByRole('row')[1]).getAllByRole('cell');
  expect(cells.map(cell => cell.textContent)).toEqual([
    '',
    'work/digits.ipynb',
    '✓Succeeded',
    '28 MB',
    '1 h ago',
    'ada',
    '12 s'
  ]);
});

it('finds by any word of image, notebook and person', () => {
  show(new Held([GOOD, BAD]));
  const search = screen.getByRole('searchbox');
  fireEvent.change(search, { target: { value: 'ADA churn' } });
  expect(names()).toEqual(['churn:training']);
  expect(screen.getByText('1 of 2 builds')).toBeTruthy();
  fireEvent.change(search, { target: { value: 'nowhere' } });
  expect(screen.getByText(/No build fits/)).toBeTruthy();
});

it('shows builds of one status', () => {
  show(new Held([GOOD, BAD, LIVE]));
  fireEvent.change(screen.getByLabelText('Status'), { target: { value: 'failed' } });
  expect(names()).toEqual(['churn:training']);
  fireEvent.change(screen.getByLabelText('Status'), { target: { value: 'open' } });
  expect(names()).toEqual(['live.ipynb']);
});

it('is ordered by a column, and the other way by a second press', async () => {
  show(new Held([GOOD, BAD]));
  await press('Image');
  expect(names()).toEqual(['churn:training', 'digits:training']);
  expect(screen.getByRole('columnheader', { name: 'Image' }).getAttribute('aria-sort')).toBe('ascending');
  await press('Image');
  expect(names()).toEqual(['digits:training', 'churn:training']);
});

it('asks for the drift of a notebook’s newest image when it is seen, and says what changed', async () => {
  const model = new Held([GOOD, OLD, BAD]);
  const packages = [
    { name: 'numpy', was: '1.26.4', is: '2.0.1' },
    { name: 'six', was: '1.16', is: '' }
  ];
  model.drifts = { b1: { notebook: 'same', packages, image: 'same' } };
  show(model);
  expect(model.asked).toEqual([]);
  await settle(() => seen.forEach(tell => tell()));
  const badge = screen.getByText('packages changed');
  expect(badge.title).toBe('numpy 1.26.4 is 2.0.1 now\nsix 1.16 is not needed any more');
  expect(model.asked).toEqual([['drift', 'b1']]);
});

it('shows a running build with phase and progress, and cancels it after a question', async () => {
  const progress = { event: 'Progress' as const, phase: 'build', what: 'x', done: 12, total: 40, unit: 'packages' };
  const model = new Held([LIVE], { b3: makeFold({ progress }) });
  show(model);
  expect(screen.getByText(/12 of 40 packages/)).toBeTruthy();
  expect(screen.getByRole<HTMLProgressElement>('progressbar').value).toBeCloseTo(0.3);
  await press('Details of live.ipynb');
  await press('Cancel');
  await press('Stop it');
  expect(model.asked).toEqual([['cancel', 'b3']]);
});

describe('an opened build', () => {
  async function open(model: Held, onRemove?: (id: string) => Promise<string | null>): Promise<Visited> {
    const places = show(model, onRemove);
    await press(/Details of/);
    return places;
  }

  it('shows layers, log and archive', async () => {
    const model = new Held([GOOD], { b1: makeFold({ image: makeImage('{}') }) });
    await open(model);
    expect(screen.getByRole('img', { name: /Size by layer/ })).toBeTruthy();
    expect(screen.getByRole('link', { name: /log/ }).getAttribute('href')).toBe('/log/b1');
    expect(screen.getByRole('link', { name: 'Download' }).getAttribute('href')).toBe('/archive/b1');
    expect(model.followed).toEqual(new Set(['b1']));
  });

  it('leads to the panel and to a training', async () => {
    const places = await open(new Held([GOOD]));
    await press('Containerize again');
    await press('Run training');
    expect(places.calls).toEqual([
      ['containerize', 'work/digits.ipynb'],
      ['train', 'digits:training', 'work/digits.ipynb']
    ]);
  });

  it.each<[string, Partial<Run>, { [id: string]: RunFold }]>([
    ['its record', { purpose: 'inference' }, {}],
    ['its image', {}, { b1: makeFold({ image: SERVING }) }]
  ])('that answers requests, as %s says, is served and not trained', async (_, part, folds) => {
    const model = new Held([makeRun(part)], folds);
    model.drafts = { 'work/digits.ipynb': { inspection: INSPECTION } };
    await open(model);
    expect(screen.queryByRole('button', { name: 'Run training' })).toBeNull();
    await press('Run service …');
    const form = screen.getByRole('form', { name: 'Run the service' });
    const { name } = INSPECTION.secrets[0];
    fireEvent.change(within(form).getByLabelText(name), { target: { value: 'very-secret' } });
    fireEvent.change(within(form).getByLabelText('Runs on'), { target: { value: 'slurm' } });
    await press('Start the service');
    const request = { build: 'b1', engine: 'slurm', secrets: { [name]: 'very-secret' } };
    expect(model.asked.filter(([what]) => what === 'serve')).toEqual([['serve', request]]);
    expect(screen.queryByRole('form', { name: 'Run the service' })).toBeNull();
  });

  it('asks for the secrets of a notebook that was not read yet, and shows the service that runs', async () => {
    const service = makeRun({
      kind: 'service',
      id: 's1',
      state: 'running',
      ended: null,
      address: 'http://127.0.0.1:4'
    });
    const model = new Held([makeRun({ purpose: 'inference' })]);
    await open(model);
    await press('Run service …');
    expect(model.asked).toContainEqual(['inspect', 'work/digits.ipynb']);
    cleanup();
    await open(new Held([service, makeRun({ purpose: 'inference' })]));
    expect(screen.getByText('http://127.0.0.1:4')).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Run service …' }).disabled).toBe(true);
  });

  it('pushes', async () => {
    const model = new Held([GOOD]);
    await open(model);
    await press('Push …');
    fireEvent.change(screen.getByLabelText('Destination'), { target: { value: 'registry.example.org/a:1' } });
    await press('Push');
    expect(model.asked).toContainEqual(['deliver', 'b1', 'registry.example.org/a:1', false]);
  });

  it('says in place what a removal did', async () => {
    await open(new Held([GOOD]), id => Promise.resolve(`${id} is gone: 120 MB of disk are free again.`));
    await press('Delete …');
    expect(screen.getByText('b1 is gone: 120 MB of disk are free again.').getAttribute('role')).toBe('status');
  });

  it('offers nothing that needs an image when that was removed', async () => {
    const model = new Held([GOOD]);
    model.drifts = { b1: { notebook: 'same', packages: [], image: 'missing' } };
    await open(model);
    const blocked = screen.getAllByTitle(/not in the store/).map(button => button.textContent);
    expect(blocked).toEqual(['image removed', 'Run training', 'Push …', 'Download']);
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Run training' }).disabled).toBe(true);
  });

  it('that failed says why', async () => {
    await open(new Held([BAD]));
    expect(screen.getByText('No.')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Run training' })).toBeNull();
  });
});

it('opens a long list with a part of it, goes on when asked, and begins again in another order', () => {
  const many = Array.from({ length: 120 }, (_, index) => makeRun({ id: `r${index}`, path: `n${index}.ipynb` }));
  show(new Held(many));
  expect(names()).toHaveLength(50);
  fireEvent.click(screen.getByText('Show 70 more builds'));
  expect(names()).toHaveLength(100);
  fireEvent.click(screen.getByText('Who'));
  expect(names()).toHaveLength(50);
});

it('says that the server half is missing', async () => {
  const model = new Held([]);
  model.problem = PROBLEM;
  show(model);
  await press('Try again');
  expect(model.asked).toEqual([['refresh']]);
});
