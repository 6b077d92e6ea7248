import { modelOf, modelsOf } from '../trained';
import { Run } from '../tokens';
import { trans } from './page';
import { emptyRun } from './server';

function job(part: Partial<Run> = {}): Run {
  const outputs = ['work/train-runs/3/model.joblib'];
  const done: Partial<Run> = { kind: 'job', state: 'succeeded', ended: 60, outputs, output: 'work/train-runs/3' };
  return { ...emptyRun('j1', 0), path: 'work/train.ipynb', ...done, ...part };
}

it.each<[string, Partial<Run>, string]>([
  ['below the notebook', {}, 'train-runs/3'],
  ['at the root', { path: 'train.ipynb', output: 'train-runs/3' }, 'train-runs/3'],
  ['elsewhere', { output: 'workshop/3' }, ''],
  ['of nothing', { outputs: [] }, ''],
  ['that failed', { state: 'failed' }, ''],
  ['not under the root', { output: '' }, '']
])('what a training left, %s', (_, part, expected) => {
  expect(modelOf(job(part))).toBe(expected);
});

it('offers the finished trainings of the notebook', () => {
  const runs = [job(), job({ path: 'work/other.ipynb' }), job({ kind: 'build' }), job({ state: 'running' })];
  const label = 'train-runs/3, trained 5 min ago';
  expect(modelsOf(runs, 'work/train.ipynb', 360, trans)).toEqual([{ value: 'train-runs/3', label }]);
});
