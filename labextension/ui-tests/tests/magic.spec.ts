/** `%mlpack` in a real kernel: what the command tells is one output, drawn anew in place. */
import { closeKernels, fromMenu, openLab } from '../helpers/lab';
import { screen } from '../helpers/screen';
import { notebook } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('a build from a cell is one output, and a command that fails stops the notebook with its sentences', async ({ page }) => {
  test.setTimeout(420_000);
  await openLab(page, notebook('magic', 'magic'));
  await expect(page.getByText('Python 3 (ipykernel) | Idle')).toBeVisible({ timeout: 90_000 });
  await fromMenu(page, 'Run', 'Run All Cells');
  const outputs = page.locator('.jp-Notebook .jupyter-mlpack');
  await expect(outputs.first()).toContainText(/magic:training {2}sha256:[0-9a-f]{64}/, { timeout: 300_000 });
  await expect(outputs.first().locator('pre').first()).toContainText(/✓ .* s/);
  await expect(page.locator('.jp-Notebook')).toContainText('epoch=3 loss=0.3333', { timeout: 60_000 });
  const failed = page.locator('.jp-Notebook-cell', { hasText: '%mlpack submit --on nowhere' });
  await expect(failed).toContainText('error: ', { timeout: 60_000 });
  await expect(failed).toContainText('nowhere');
  await expect(failed).not.toContainText('Traceback');
  await expect(page.locator('.jp-OutputArea-output', { hasText: 'never reached' })).toHaveCount(0);
  await failed.scrollIntoViewIfNeeded();
  await screen(page, 'magic');
  await expect(outputs).toHaveCount(2);
});
