/** From the button in the toolbar to a trained model, on the project's own example. */
import { accessible } from '../helpers/axe';
import { closeKernels, openLab } from '../helpers/lab';
import { Jobs } from '../helpers/jobs';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { example, read } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('the example: containerize, build, train, open an output', async ({ page }) => {
  test.setTimeout(420_000); // with nothing cached it is the one cold build
  await openLab(page, example('digits', 'flow'));
  const parameters = page.locator('.jp-Notebook .jp-CodeCell').first();
  await parameters.locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('\n# edited in the browser, not saved');
  const panel = await Panel.open(page);

  // what was found, and why
  await expect(panel.row('scikit-learn')).toBeVisible({ timeout: 30_000 });
  expect(read('flow/flow.ipynb'), 'the notebook was saved first').toContain('edited in the browser');
  for (const name of ['joblib', 'matplotlib', 'numpy']) {
    await expect(panel.row(name)).toBeVisible();
  }
  await panel.canBuild();
  await screen(page, 'packages');
  await accessible(page, Panel.SELECTOR, 'packages');
  await panel.row('scikit-learn').getByRole('button', { name: 'Imported in cell 3' }).click();
  await expect(page.locator('.jp-Notebook-cell').nth(2)).toHaveClass(/jp-mod-active/);
  await panel.tab('Hardware').click();
  await expect(panel.region.getByLabel('Build for')).toBeVisible();
  await accessible(page, Panel.SELECTOR, 'hardware');
  await screen(page, 'hardware');
  await panel.tab('Run').click();
  await expect(panel.region.getByText('hidden_units')).toBeVisible();
  await expect(panel.region.getByText('weights.csv').first()).toBeVisible();
  await accessible(page, Panel.SELECTOR, 'run');
  await screen(page, 'run');

  // the build
  await panel.startBuild();
  await panel.running();
  await accessible(page, Panel.SELECTOR, 'progress');
  await screen(page, 'progress');
  await panel.succeeded(240_000);
  await screen(page, 'result');
  await accessible(page, Panel.SELECTOR, 'result');
  await expect(panel.region.getByText('flow:training').first()).toBeVisible();
  await expect(panel.region.getByRole('img', { name: /^Size by layer/ })).toBeVisible();
  await expect(panel.region.getByText(/docker run --rm/)).toBeVisible();
  await expect(panel.region.getByText(/jupyter mlpack run flow:training/)).toBeVisible();

  // the training
  const jobs = new Jobs(page);
  await panel.button('Run training').click();
  await expect(jobs.form).toBeVisible();
  await jobs.form.getByLabel('epochs').fill('30');
  await accessible(page, Jobs.SELECTOR, 'form');
  await screen(page, 'form');
  await jobs.start();
  const job = jobs.detail('flow:training');
  await expect(job.getByRole('status').getByText('Succeeded')).toBeVisible({ timeout: 90_000 });
  await expect(job.getByRole('region', { name: 'Metrics' }).locator('svg').first()).toBeVisible();
  await screen(page, 'job');
  await accessible(page, Jobs.SELECTOR, 'job');
  await job.getByRole('button', { name: 'loss.png' }).click();
  await expect(page.locator('.jp-ImageViewer img')).toBeVisible();
});
