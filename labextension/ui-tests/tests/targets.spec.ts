/** A training on a target: one form, one list, wherever it runs. The target is the machine's Docker daemon. */
import { accessible } from '../helpers/axe';
import { Jobs } from '../helpers/jobs';
import { closeKernels, openLab } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { notebook } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('a training is handed to a target, and found again with its log and outputs', async ({ page }) => {
  test.setTimeout(420_000);
  await openLab(page, notebook('small', 'remote'));
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.succeeded(240_000);
  const jobs = new Jobs(page);
  await panel.button('Run training').click();
  const place = jobs.form.getByLabel('Runs on');
  await expect(place.locator('option[value=process]')).toHaveCount(1, { timeout: 60_000 });
  const target = place.locator('option[value="target:docker"]');
  test.skip(!(await target.isEnabled()), 'NOT TESTED: no Docker daemon answers');
  await place.selectOption('target:docker');
  await expect(jobs.form.getByText(/^docker offers/)).toBeVisible();
  await jobs.form.getByLabel('CPUs').fill('none');
  await expect(jobs.form.getByText('A number above zero.')).toBeVisible();
  await jobs.form.getByLabel('CPUs').fill('1');
  await jobs.form.getByLabel('rounds').fill('4');
  await screen(page, 'target');
  await accessible(page, Jobs.SELECTOR, 'the form of a target');
  await jobs.start();
  const job = jobs.detail('remote:training');
  await expect(job.getByRole('status').getByText('Succeeded')).toBeVisible({ timeout: 180_000 });
  await expect(job.getByRole('definition').filter({ hasText: /^docker$/ })).toBeVisible();
  await expect(job.getByRole('log')).toContainText('epoch=4 loss=0.2500');
  await expect(job.getByRole('button', { name: 'remote.ipynb' }).last()).toBeVisible();
  await screen(page, 'target-done');
  await accessible(page, Jobs.SELECTOR, 'a training of a target');

  // a fresh page has it all: the ledger keeps it
  await page.reload();
  const item = page.getByRole('list', { name: 'Trainings' }).getByRole('button', { name: /remote:training.*docker/ });
  await item.click({ timeout: 90_000 });
  await expect(job.getByRole('log')).toContainText('epoch=4 loss=0.2500');
});
