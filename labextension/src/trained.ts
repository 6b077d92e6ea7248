/** What trainings left, for an inference image of the same notebook. */
import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import { Run } from './tokens';
import { IOption } from './views/select';
import { ageText } from './words';

/** The outputs of a training as a path from its notebook's folder; empty if they are not below it. */
export function modelOf(run: Run): string {
  const folder = PathExt.dirname(run.path);
  const inside = run.output && (folder === '' || run.output.startsWith(`${folder}/`));
  return inside && run.state === 'succeeded' && run.outputs.length > 0
    ? run.output.slice(folder === '' ? 0 : folder.length + 1)
    : '';
}

/** The finished trainings of a notebook, newest first, each with what it left. */
export function modelsOf(runs: readonly Run[], path: string, now: number, trans: TranslationBundle): IOption[] {
  return runs
    .filter(run => run.kind === 'job' && run.path === path && modelOf(run) !== '')
    .map(run => ({
      value: modelOf(run),
      label: trans.__('%1, trained %2', modelOf(run), ageText(Math.max(0, now - (run.ended ?? run.created)), trans))
    }));
}
