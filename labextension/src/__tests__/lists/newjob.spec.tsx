import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { Run } from '../../tokens';
import { JobDraft } from '../../views/jobdraft';
import { NewJob } from '../../views/newjob';
import { press, type } from './hand';
import { Held, INSPECTION, makeFold, makeImage, makeRun, PROBLEM, trans } from './held';

const DRAFT: JobDraft = { image: 'digits:training', path: 'work/digits.ipynb', parameters: {}, engine: '' };
const IMAGE = makeImage('{"epochs": 20, "rate": 0.05}');

function show(model: Held, draft = DRAFT): { started: Run[]; drafts: JobDraft[] } {
  const [started, drafts]: [Run[], JobDraft[]] = [[], []];
  render(
    <NewJob
      model={model}
      draft={draft}
      trans={trans}
      onDraft={changed => drafts.push(changed)}
      onStarted={run => started.push(run)}
      onClose={() => undefined}
    />
  );
  return { started, drafts };
}

it('asks the newest build of the image for its parameters, and the notebook for its secrets', () => {
  const model = new Held([makeRun()], { b1: makeFold({ image: IMAGE }) });
  show(model);
  expect(model.followed).toEqual(new Set(['b1']));
  expect(model.asked).toEqual([['inspect', 'work/digits.ipynb']]);
  expect(screen.getByLabelText('rate')).toBeTruthy();
});

it('waits while the image has not answered', () => {
  show(new Held([makeRun()]));
  expect(screen.getByText(/Reading the parameters/)).toBeTruthy();
});

it('takes what the notebook says for an image that it does not know', () => {
  const model = new Held([]);
  model.drafts = { 'work/digits.ipynb': { inspection: INSPECTION } };
  show(model);
  for (const { name } of INSPECTION.parameters) {
    expect(screen.getByLabelText(name)).toBeTruthy();
  }
  for (const { name } of INSPECTION.secrets) {
    expect(screen.getByLabelText<HTMLInputElement>(name).type).toBe('password');
  }
  expect(model.asked).toEqual([]);
});

it('does not start an image that only answers requests', () => {
  const image = { ...IMAGE, processes: [{ ...IMAGE.processes[0], type: 'serve' }] };
  show(new Held([makeRun()], { b1: makeFold({ image }) }));
  expect(screen.getAllByText(/has no training/)).not.toHaveLength(0);
});

it('starts, and hands the new run on', async () => {
  const model = new Held([makeRun()], { b1: makeFold({ image: IMAGE }) });
  const { started } = show(model);
  type('epochs', '3');
  await press('Start training');
  expect(started.map(run => run.id)).toEqual(['new']);
  expect(model.asked[1]).toEqual(['train', expect.objectContaining({ parameters: { epochs: 3 } })]);
});

it('keeps what was entered when the server refuses', async () => {
  const model = new Held([makeRun()], { b1: makeFold({ image: IMAGE }) });
  const { started } = show(model);
  model.refusal = PROBLEM;
  type('epochs', '3');
  await press('Start training');
  expect(started).toEqual([]);
  expect(screen.getByRole('alert').textContent).toContain('Not now.');
  expect(screen.getByLabelText<HTMLInputElement>('epochs').value).toBe('3');
});

it('offers each trained image once, and goes over to its notebook', () => {
  const runs = [
    makeRun({ id: 'b3', image: 'other:training', path: 'other.ipynb' }),
    makeRun(),
    makeRun({ id: 'b0' }),
    makeRun({ id: 'f', image: 'broken', state: 'failed' }),
    makeRun({ id: 's', image: 'digits:inference', purpose: 'inference' })
  ];
  const { drafts } = show(new Held(runs, { b1: makeFold({ image: IMAGE }) }));
  const select = screen.getByLabelText<HTMLSelectElement>('Image');
  expect([...select.options].map(option => option.value)).toEqual(['other:training', 'digits:training']);
  fireEvent.change(select, { target: { value: 'other:training' } });
  expect(drafts).toEqual([{ ...DRAFT, image: 'other:training', path: 'other.ipynb' }]);
});
