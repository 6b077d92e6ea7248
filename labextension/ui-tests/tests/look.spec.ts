/** The dark theme. */
import { accessible } from '../helpers/axe';
import { closeKernels, openLab } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { example } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(async ({ page }) => {
  await theme(page, 'JupyterLab Light');
  await closeKernels({ page });
});

test('dark', async ({ page }) => {
  await openLab(page, example('digits', 'dark'));
  await theme(page, 'JupyterLab Dark');
  await expect(page.locator('body')).toHaveAttribute('data-jp-theme-light', 'false');
  const panel = await Panel.open(page);
  await expect(panel.row('numpy')).toBeVisible();
  await screen(page, 'dark-packages');
  await accessible(page, Panel.SELECTOR, 'dark, packages');
  await panel.startBuild();
  await panel.succeeded(180_000);
  await screen(page, 'dark-result');
  await accessible(page, Panel.SELECTOR, 'dark, result');
});

async function theme(page: Parameters<typeof openLab>[0], name: string): Promise<void> {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Settings$/ }).click();
  await page.locator('.lm-Menu-itemLabel', { hasText: /^Theme$/ }).hover();
  await page.locator('.lm-Menu-itemLabel', { hasText: new RegExp(`^${name}$`) }).click();
}
