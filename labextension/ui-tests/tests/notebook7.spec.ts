/** The same in Notebook 7: the page of a notebook, and the page of files. */
import { closeKernels } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { notebook, TOKEN } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('a build in Notebook 7', async ({ page }) => {
  await page.goto(`notebooks/${notebook('small', 'seven')}?token=${TOKEN}`);
  await expect(page.locator('.jp-Notebook-cell').first()).toBeVisible({ timeout: 40_000 });
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.succeeded();
  await screen(page, 'notebook7');
});

test('the file menu of Notebook 7', async ({ page }) => {
  notebook('small', 'sevenfile');
  await page.goto(`tree/sevenfile?token=${TOKEN}`);
  await page.locator('.jp-DirListing-item', { hasText: 'sevenfile.ipynb' }).click({ button: 'right' });
  await page.locator('.lm-Menu-itemLabel', { hasText: 'Containerize Notebook' }).click();
  const panel = new Panel(page);
  await expect(panel.region).toBeVisible();
  await expect(panel.region.getByText('sevenfile.ipynb').first()).toBeVisible();
  await screen(page, 'notebook7-tree');
});
