import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { JobRequest, TargetOffer } from '../../tokens';
import { draftOf } from '../../views/jobdraft';
import { IJobFormProps, JobForm } from '../../views/jobform';
import { makeField } from '../../views/parameters';
import { press, type } from './hand';
import { makeRun, PROBLEM, STATUS, trans } from './held';

const FIELDS = [makeField('epochs', 20), makeField('shuffle', true), makeField('layers', [32]), makeField('name', 'a')];

function show(some: Partial<IJobFormProps> = {}): { started: JobRequest[] } {
  const started: JobRequest[] = [];
  render(
    <JobForm
      draft={{ image: 'digits:training', path: 'digits.ipynb', parameters: {}, engine: '' }}
      images={['digits:training', 'other:training']}
      fields={FIELDS}
      secrets={[]}
      engines={STATUS.engines}
      targets={[]}
      accelerator=""
      rows={[]}
      blocked=""
      trans={trans}
      onImage={() => undefined}
      onStart={request => {
        started.push(request);
        return Promise.resolve(null);
      }}
      onClose={() => undefined}
      {...some}
    />
  );
  return { started };
}

function input(label: string): HTMLInputElement {
  return screen.getByLabelText(label);
}

function start(): Promise<void> {
  return press('Start training');
}

it('has a control after the kind of each parameter', () => {
  show();
  expect(input('epochs').value).toBe('20');
  expect(input('shuffle').type).toBe('checkbox');
  expect(screen.getByLabelText('layers').tagName).toBe('TEXTAREA');
});

it('sends what was changed and nothing else', async () => {
  const { started } = show();
  type('epochs', '30');
  type('layers', '[64, 32]');
  fireEvent.click(screen.getByLabelText('shuffle'));
  type('name', 'b');
  type('name', 'a');
  await start();
  const parameters = { epochs: 30, layers: [64, 32], shuffle: false };
  expect(started).toEqual([
    { image: 'digits:training', path: 'digits.ipynb', parameters, engine: 'process', secrets: {} }
  ]);
});

it('marks what was changed, and resets it', () => {
  show();
  type('epochs', '30');
  expect(screen.getByText('changed')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Reset epochs' }));
  expect(screen.queryByText('changed')).toBeNull();
  expect(input('epochs').value).toBe('20');
});

it('does not start with a wrong value, and says which', async () => {
  const { started } = show();
  type('epochs', 'many');
  const button = screen.getByRole('button', { name: 'Start training' });
  expect(button.getAttribute('aria-disabled')).toBe('true');
  expect(document.getElementById(button.getAttribute('aria-describedby')!)!.textContent).toContain('epochs');
  expect(screen.getByLabelText('epochs').getAttribute('aria-invalid')).toBe('true');
  await start();
  expect(started).toEqual([]);
});

it('begins with the parameters of an earlier run, and says what this image does not know', async () => {
  const { started } = show({
    draft: { image: 'digits:training', path: '', parameters: { epochs: 5, gone: 1 }, engine: 'slurm' }
  });
  expect(screen.getByText(/Left out.*gone/)).toBeTruthy();
  await start();
  expect(started[0]).toMatchObject({ parameters: { epochs: 5 }, engine: 'slurm' });
});

it('offers every engine of the server, with the reason for those that cannot be used', () => {
  show();
  const options = [...screen.getByLabelText<HTMLSelectElement>('Runs on').options];
  expect(options.map(option => [option.value, option.disabled])).toEqual([
    ['process', false],
    ['docker', true],
    ['slurm', false]
  ]);
  expect(screen.getByText(/no Docker answers/)).toBeTruthy();
});

it('takes secrets unseen, and leaves empty ones out', async () => {
  const { started } = show({ secrets: ['HF_TOKEN', 'WANDB_KEY'] });
  expect(input('HF_TOKEN').type).toBe('password');
  type('HF_TOKEN', 's3cret');
  await start();
  expect(started[0].secrets).toEqual({ HF_TOKEN: 's3cret' });
});

test.each<[string, Partial<IJobFormProps>, RegExp]>([
  ['without an image', { draft: { image: '', path: '', parameters: {}, engine: '' } }, /Choose an image first/],
  ['while the parameters are read', { fields: null }, /being read/],
  ['without an engine', { engines: [{ name: 'docker', available: false, why: 'none' }] }, /no engine/],
  ['when the image has no training', { blocked: 'This image has no training.' }, /no training/]
])('says why it cannot start %s', (_, some, reason) => {
  show(some);
  const button = screen.getByRole('button', { name: 'Start training' });
  expect(document.getElementById(button.getAttribute('aria-describedby')!)!.textContent).toMatch(reason);
});

it('shows why the server refused', async () => {
  show({ onStart: () => Promise.resolve(PROBLEM) });
  await start();
  expect(screen.getByRole('alert').textContent).toContain('Not now.');
});

describe('on a target', () => {
  const CLUSTER: TargetOffer = {
    name: 'gpu-cluster',
    engine: 'kubernetes',
    offer: 'cuda; up to 8 GPUs; up to 64 GB',
    accelerators: ['cuda'],
    gpus: 8,
    cpus: 0,
    memory: 64e9,
    seconds: 0,
    nodes: 1,
    why: ''
  };
  const DOCKER: TargetOffer = { ...CLUSTER, name: 'docker', engine: 'docker', offer: 'all', accelerators: [] };
  const targets = [CLUSTER, DOCKER];

  function place(): HTMLSelectElement {
    return screen.getByLabelText('Runs on');
  }

  it('is asked for resources, and started without an engine of this machine', async () => {
    const { started } = show({ targets });
    expect(place().value).toBe('process');
    fireEvent.change(place(), { target: { value: 'target:gpu-cluster' } });
    expect(screen.getByText('gpu-cluster offers cuda; up to 8 GPUs; up to 64 GB.')).toBeTruthy();
    expect(screen.queryByLabelText('Nodes')).toBeNull();
    type('GPUs', '9');
    expect(screen.getByText('At most 8 there.')).toBeTruthy();
    type('CPUs', 'many');
    await start();
    expect(started).toEqual([]);
    type('GPUs', '2');
    type('CPUs', '0.5');
    type('Memory in GB', '16');
    type('Hours at most', '1.5');
    await start();
    const where = { engine: '', target: 'gpu-cluster' };
    const resources = { gpus: 2, cpus: 0.5, memory: 16e9, seconds: 5400 };
    expect(started[0]).toMatchObject({ ...where, resources });
  });

  it('asks again for what was asked before', async () => {
    const resources = { gpus: 2, cpus: 0.5, memory: 16e9, seconds: 5400 };
    const draft = draftOf(makeRun({ kind: 'job', engine: 'kubernetes', target: 'gpu-cluster', resources }));
    const { started } = show({ targets, draft: { ...draft, image: 'digits:training' } });
    await start();
    expect(started[0]).toMatchObject({ target: 'gpu-cluster', resources });
  });

  it('begins there when the image is for hardware that a target says it has, or when it ran there before', () => {
    const rows = [{ name: 'cuda12', kind: 'cuda', words: '', note: '' }];
    show({ targets, accelerator: 'cuda12', rows });
    expect(place().value).toBe('target:gpu-cluster');
    cleanup();
    show({ targets, accelerator: 'cpu', rows });
    expect(place().value).toBe('process');
    cleanup();
    const draft = draftOf(makeRun({ kind: 'job', engine: 'kubernetes', target: 'gpu-cluster' }));
    show({ targets, draft: { ...draft, image: 'digits:training' } });
    expect(place().value).toBe('target:gpu-cluster');
    cleanup();
    show({ targets: [], draft });
    expect(place().value).toBe('process');
  });

  it('cannot be where its engine is missing, and a wrong configuration is told', () => {
    const wrong = { ...CLUSTER, name: '', why: 'The target x of the configuration cannot be used.' };
    show({ targets: [DOCKER, wrong] });
    const options = [...place().options].filter(option => option.value.startsWith('target:'));
    expect(options.map(option => [option.value, option.disabled])).toEqual([['target:docker', true]]);
    expect(screen.getByText(wrong.why)).toBeTruthy();
  });
});
