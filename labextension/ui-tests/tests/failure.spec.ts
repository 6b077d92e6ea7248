/** What goes wrong, and the way out of it. */
import { accessible } from '../helpers/axe';
import { closeKernels, openLab } from '../helpers/lab';
import { Jobs } from '../helpers/jobs';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { notebook, read, write } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('an import that nobody knows: first a choice, then a build', async ({ page }) => {
  await openLab(page, notebook('unknown', 'unknown'));
  const panel = await Panel.open(page);
  await expect(panel.region.getByText('frobnicator_of_nobody').first()).toBeVisible();
  await expect(panel.build).toHaveAttribute('aria-disabled', 'true');
  await screen(page, 'unknown');
  await accessible(page, Panel.SELECTOR, 'undecided');
  await panel.button('Leave it out').click();
  await panel.startBuild();
  await panel.succeeded();
});

test('an import that came after the look: failure, its action, success', async ({ page }) => {
  const path = notebook('small', 'late');
  write(path, read(path).replace('import math', 'import math, late_helper'));
  write('late/late_helper.py', 'import json\n');
  await openLab(page, path);
  const panel = await Panel.open(page);
  await panel.canBuild();
  write('late/late_helper.py', 'import json, frobnicator_of_nobody\n');
  await panel.startBuild();
  await panel.failed('Nobody knows which package provides: frobnicator_of_nobody.');
  await screen(page, 'failure');
  await accessible(page, Panel.SELECTOR, 'failure');
  await panel.button('Build without frobnicator_of_nobody').click();
  await panel.succeeded();
});

test('a version that does not exist: failure, another version, success', async ({ page }) => {
  const path = notebook('small', 'version');
  write(path, read(path).replace('import math', '%pip install humanize==0.0.999\\nimport math'));
  await openLab(page, path);
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.failed(/^No version of humanize/);
  await screen(page, 'failure-version');
  await panel.button('Choose a version').click();
  await expect(panel.tab('Packages')).toHaveAttribute('aria-selected', 'true');
  await panel.region.getByLabel('Package to add', { exact: true }).fill('humanize>=4');
  await panel.region.getByLabel('Package to add', { exact: true }).press('Enter');
  await panel.startBuild();
  await panel.succeeded();
});

test('a training that fails leads to its cell', async ({ page }) => {
  await openLab(page, notebook('failing', 'failing'));
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.succeeded();
  await panel.button('Run training').click();
  const jobs = new Jobs(page);
  await jobs.start();
  const job = jobs.detail('failing:training');
  await expect(job.getByRole('alert').getByText('ZeroDivisionError: division by zero')).toBeVisible({ timeout: 60_000 });
  await screen(page, 'job-failed');
  await accessible(page, Jobs.SELECTOR, 'failed');
  await job.getByRole('button', { name: /^(Open the cell|Go to cell 4)$/ }).click();
  await expect(page.locator('.jp-Notebook:visible .jp-Notebook-cell').nth(3)).toHaveClass(/jp-mod-active/);
});
