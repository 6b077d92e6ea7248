import { render, screen } from '@testing-library/react';
import * as React from 'react';
import { Jobs, JobsShown } from '../../views/jobs';
import { JobDraft } from '../../views/jobdraft';
import { press } from './hand';
import { Held, JOB_FOLD, makeFold, makeRun, NOW, PROBLEM, trans, Visited } from './held';

const DONE = makeRun({
  kind: 'job',
  id: 'j1',
  engine: 'process',
  parameters: { epochs: 3 },
  output: 'work/out',
  outputs: ['work/out/model.joblib', 'work/out/digits.ipynb']
});
const LIVE = makeRun({ kind: 'job', id: 'j2', state: 'running', started: NOW - 65, ended: null });
const FAILED = makeRun({ kind: 'job', id: 'j3', state: 'failed' });
const label = trans.__('Go to the cell');
const FAILURE = {
  event: 'Failed' as const,
  code: 'cell-failed',
  what: 'Cell 4 failed.',
  where: 'cell 4',
  why: 'ZeroDivisionError: division by zero',
  hint: 'Mend the cell.',
  location: { path: 'digits.ipynb', cell: 4, line: null },
  action: { kind: 'open-cell', label, choices: {} }
};

function show(model: Held, shown: Partial<JobsShown> = {}): { places: Visited; runs: unknown[]; forms: JobDraft[] } {
  const [places, runs, forms] = [new Visited(), [] as unknown[], [] as JobDraft[]];
  render(
    <Jobs
      model={model}
      shown={{ run: null, form: null, forms: 0, ...shown }}
      places={places}
      trans={trans}
      onShow={run => runs.push(run)}
      onForm={draft => forms.push(draft)}
      onDraft={() => undefined}
    />
  );
  return { places, runs, forms };
}

it('says what to do while there is nothing', () => {
  show(new Held([]));
  expect(screen.getByText(/containerize a notebook first/)).toBeTruthy();
});

it('says that the server half is missing', () => {
  const model = new Held([]);
  model.problem = PROBLEM;
  show(model);
  expect(screen.getByRole('alert').textContent).toContain('Not now.');
});

it('lists trainings with state, image, notebook, parameters and times', async () => {
  const { runs } = show(new Held([LIVE, DONE]));
  const [live, done] = screen.getAllByRole('listitem').map(item => item.textContent);
  expect(live).toMatch(/Running.*digits:training.*1 min 5 s.*digits.ipynb.*1 min ago/);
  expect(done).toMatch(/Succeeded.*12 s.*epochs=3.*1 h ago/);
  await press(/Succeeded/);
  expect(runs).toEqual(['j1']);
});

it('begins a new training with the newest image', async () => {
  const { forms } = show(new Held([makeRun({ image: 'new:training' }), makeRun({ image: 'old:training' })]));
  await press('New training');
  expect(forms).toEqual([{ image: 'new:training', path: 'work/digits.ipynb', parameters: {}, engine: '' }]);
});

describe('one training', () => {
  it('shows metrics, outputs with the notebook first, and log; outputs open', async () => {
    const { places } = show(new Held([DONE], { j1: JOB_FOLD }), { run: 'j1' });
    expect(screen.getAllByRole('img')).toHaveLength(2);
    expect(screen.getByRole('log').textContent).toContain('epoch 1/2 loss=0.9');
    await press('model.joblib');
    await press('digits.ipynb');
    expect(places.calls).toEqual([
      ['open', 'work/out/model.joblib'],
      ['open', 'work/out/digits.ipynb']
    ]);
  });

  it('fills a form with what it ran with', async () => {
    const { forms } = show(new Held([DONE]), { run: 'j1' });
    await press(/Run again/);
    expect(forms).toEqual([
      {
        image: 'digits:training',
        path: 'work/digits.ipynb',
        parameters: { epochs: 3 },
        engine: 'process',
        resources: {}
      }
    ]);
  });

  it('shows cell progress while it runs, and is cancelled after a question', async () => {
    const model = new Held([LIVE], { j2: makeFold({ cell: { event: 'CellStarted', index: 4, total: 12 } }) });
    show(model, { run: 'j2' });
    const bar = screen.getByRole<HTMLProgressElement>('progressbar', { name: 'Progress of the training' });
    expect(bar.value).toBeCloseTo(0.25);
    expect(screen.getByText('Cell 4 of 12')).toBeTruthy();
    expect(model.followed).toEqual(new Set(['j2']));
    await press('Cancel');
    expect(model.asked).toEqual([]);
    await press('Stop it');
    expect(model.asked).toEqual([['cancel', 'j2']]);
  });

  it('shows how much of the image is unpacked before the first cell', () => {
    const progress = { event: 'Progress' as const, phase: 'run', what: 'unpacking', unit: 'bytes' };
    show(new Held([LIVE], { j2: makeFold({ progress: { ...progress, done: 5e6, total: 20e6 } }) }), { run: 'j2' });
    expect(screen.getByText('Unpacking the image: 5.0 MB of 20 MB')).toBeTruthy();
    expect(screen.getByRole<HTMLProgressElement>('progressbar').value).toBeCloseTo(0.25);
  });

  it('says what failed, and leads to the cell of the notebook', async () => {
    const { places } = show(new Held([FAILED], { j3: makeFold({ failure: FAILURE, state: 'failed' }) }), { run: 'j3' });
    expect(screen.getByText('Cell 4 failed.')).toBeTruthy();
    expect(screen.getByText(/ZeroDivisionError/)).toBeTruthy();
    await press('Go to the cell');
    expect(places.calls).toEqual([['goTo', { path: 'work/digits.ipynb', cell: 4, line: null }]]);
  });

  it('is forgotten after a question, and says why not when that fails', async () => {
    const model = new Held([DONE]);
    const { runs } = show(model, { run: 'j1' });
    model.refusal = PROBLEM;
    await press('Remove from list');
    await press('Forget it');
    expect(screen.getByRole('alert').textContent).toContain('Not now.');
    model.refusal = null;
    await press('Remove from list');
    await press('Forget it');
    expect(model.asked[1]).toEqual(['remove', 'j1', false]);
    expect(runs).toEqual([null]);
  });

  it('that was removed elsewhere is said to be gone', () => {
    show(new Held([]), { run: 'j9' });
    expect(screen.getByText(/not known any more/)).toBeTruthy();
  });
});
