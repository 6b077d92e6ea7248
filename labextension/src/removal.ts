/** Removing a build from the list, and its image from the store: the question before, the freed space after. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { IMlpack, Run } from './tokens';
import { sizeText } from './words';

/** Ask, then remove, which may take a moment: `say` tells so. What to tell then; null when the user said no. */
export async function removeBuild(
  model: Pick<IMlpack, 'remove'>,
  run: Run,
  trans: TranslationBundle,
  say: (text: string) => void
): Promise<string | null> {
  const name = run.image || run.path;
  const made = run.state === 'succeeded';
  const answer = await showDialog({
    title: trans.__('Delete the build of %1?', name),
    body: made
      ? trans.__('The build leaves the list. Its image %1 stays unless you remove it too.', name)
      : trans.__('The build leaves the list, with its log.'),
    checkbox: made ? { label: trans.__('Also remove the image'), checked: false } : null,
    buttons: [Dialog.cancelButton({ label: trans.__('Keep it') }), Dialog.warnButton({ label: trans.__('Delete') })],
    defaultButton: 0
  });
  if (!answer.button.accept) {
    return null;
  }
  const image = made && answer.isChecked === true;
  say(trans.__('%1 is being deleted …', name));
  const freed = await model.remove(run.id, image);
  return image
    ? trans.__('%1 is deleted with its image: %2 of disk are free again.', name, sizeText(freed))
    : trans.__('The build of %1 is deleted.', name);
}
