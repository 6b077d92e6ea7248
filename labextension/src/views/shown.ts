import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import { Choices, Draft, Location, Run } from '../tokens';
import { ageText, hardwareWord, stateWord } from '../words';

/** What changed from one set of choices to the next; a key that is gone is undefined, so that it is forgotten. */
export function patch(before: Choices, after: Choices): Choices {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)] as (keyof Choices)[]);
  const changed = [...keys].filter(key => before[key] !== after[key]);
  return Object.fromEntries(changed.map(key => [key, after[key]]));
}

/** A place as the contents manager names it: evidence names files from the notebook's own folder. */
export function inNotebook(location: Location, notebook: string): Location {
  const own = location.path === '' || PathExt.basename(location.path) === PathExt.basename(notebook);
  const path = own ? notebook : PathExt.join(PathExt.dirname(notebook), location.path);
  return { ...location, path };
}

/** What is known of a notebook, in a line under its name. */
export function headline(draft: Draft, run: Run | null, now: number, trans: TranslationBundle): string {
  const { inspection, plan } = draft;
  if (inspection === null) {
    const when = run?.ended ?? null;
    return run === null || when === null
      ? '\u00a0'
      : trans.__('%1, %2', stateWord(run.state, trans), ageText(Math.max(0, now - when), trans));
  }
  const python = plan?.python ?? inspection.python.version;
  return [
    python === null ? '' : trans.__('Python %1', python),
    trans._n('%1 package', '%1 packages', inspection.dependencies.length),
    hardwareWord(plan?.accelerator ?? inspection.hardware.accelerator, trans)
  ]
    .filter(Boolean)
    .join(' · ');
}
