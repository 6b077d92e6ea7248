/** The builds of all notebooks. */
import { accessible } from '../helpers/axe';
import { closeKernels, fromPalette, openLab } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { notebook, read, write } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('a build drifts, and is deleted with the space it takes', async ({ page }) => {
  await openLab(page, notebook('small', 'drifting'));
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.succeeded();

  write('drifting/drifting.ipynb', read('drifting/drifting.ipynb').replace('rounds = 3', 'rounds = 4'));
  await fromPalette(page, 'Notebook Builds');
  const list = page.locator('.jp-Mlpack-Builds');
  const row = list.getByRole('row', { name: 'drifting:training' });
  await expect(row.getByText('notebook changed')).toBeVisible();
  await list.getByRole('searchbox', { name: 'Search builds' }).fill('drifting');
  await row.getByRole('button', { name: /^Details of/ }).click();
  await screen(page, 'builds');
  await accessible(page, '.jp-Mlpack-Builds', 'a row open');
  await list.getByRole('button', { name: 'Delete …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Also remove the image').check();
  await screen(page, 'delete');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(list.getByText(/of disk are free again/)).toBeVisible();
  await expect(row).toHaveCount(0);
});
