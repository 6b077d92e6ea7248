/** From a training to its model behind an address, tried in the panel; and what can be chosen for a build. */
import { createHash } from 'node:crypto';
import { accessible } from '../helpers/axe';
import { Jobs } from '../helpers/jobs';
import { closeKernels, fromPalette, openLab } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { example, notebook, read, write } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

/** An image of 64 pixels with one line: whatever digit that is, it is one. */
const PIXELS = JSON.stringify(Array.from({ length: 64 }, (_, index) => (index % 8 === 4 ? 15 : 0)));

test('a training is served, and its service tried and stopped', async ({ page }) => {
  test.setTimeout(600_000);
  await openLab(page, example('digits', 'served'));
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.succeeded(300_000);
  const jobs = new Jobs(page);
  await panel.button('Run training').click();
  await jobs.form.getByLabel('epochs').fill('5');
  await jobs.start();
  const job = jobs.detail('served:training');
  await expect(job.getByRole('status').getByText('Succeeded')).toBeVisible({ timeout: 90_000 });
  await job.getByRole('button', { name: 'Serve this model' }).click();

  // the draft of an inference image, with the model of that training
  await panel.tab('Run').click();
  await expect(panel.region.getByRole('radio', { name: 'Inference' })).toBeChecked();
  await expect(panel.region.getByLabel('Comes from')).toHaveValue('served-runs/1');
  await expect(panel.region.getByText('Code that answers requests')).toBeVisible({ timeout: 60_000 });
  await screen(page, 'model');
  await accessible(page, Panel.SELECTOR, 'model');
  await panel.startBuild();
  await panel.running();
  await panel.succeeded(240_000);
  await expect(panel.region.getByRole('heading', { name: 'served:inference' })).toBeVisible();

  // the service
  await panel.button('Run service').click();
  const ask = panel.region.getByRole('form', { name: 'Run the service' });
  await expect(ask.getByLabel('Runs on')).toHaveValue('process');
  await ask.getByRole('button', { name: 'Start the service' }).click();
  await expect(panel.region.getByText('Answers requests')).toBeVisible({ timeout: 120_000 });
  await expect(panel.region.getByText(/^http:\/\/127\.0\.0\.1:\d+$/)).toBeVisible();
  const form = panel.region.getByRole('form', { name: 'Try it' });
  await form.getByLabel('pixels').fill('[0, 1');
  await expect(form.getByText(/^Not JSON/)).toBeVisible();
  await form.getByLabel('pixels').fill(PIXELS);
  await form.getByRole('button', { name: 'Send' }).click();
  await expect(form.getByText(/^Answered in \d+ ms$/)).toBeVisible();
  await expect(form.getByRole('region', { name: 'Answer' })).toHaveText(/^\d$/);
  await form.getByLabel('pixels').fill('[1]');
  await form.getByRole('button', { name: 'Send' }).click();
  await expect(form.getByText(/^Refused with status 422/)).toBeVisible();
  await screen(page, 'service');
  await accessible(page, Panel.SELECTOR, 'service');

  // a fresh page has it still: the server runs it
  await page.reload();
  await expect(panel.region.getByText('Answers requests')).toBeVisible({ timeout: 90_000 });
  await panel.button('Stop the service').click();
  await panel.button('Stop it').click();
  await expect(panel.region.getByText('Stopped', { exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(form).toBeHidden();

  // the list knows what the image is for, and runs it again
  await fromPalette(page, 'Notebook Builds');
  const list = page.locator('.jp-Mlpack-Builds');
  await list.getByRole('button', { name: 'Details of served:training' }).first().click();
  await expect(list.getByRole('button', { name: 'Run training' })).toBeVisible();
  await list.getByRole('button', { name: 'Details of served:training' }).first().click();
  await list.getByRole('button', { name: 'Details of served:inference' }).first().click();
  await expect(list.getByRole('button', { name: 'Run training' })).toHaveCount(0);
  await list.getByRole('button', { name: 'Run service …' }).click();
  await accessible(page, '.jp-Mlpack-Builds', 'the form of a service in the list');
  await list.getByRole('button', { name: 'Start the service' }).click();
  await expect(list.getByText('Answers requests')).toBeVisible({ timeout: 120_000 });
  await expect(list.getByRole('button', { name: 'Run service …' })).toBeDisabled();
  await screen(page, 'builds-service');
  await list.getByRole('button', { name: 'Stop the service' }).click();
  await list.getByRole('button', { name: 'Stop it' }).click();
  await expect(list.getByText('Stopped', { exact: true })).toBeVisible({ timeout: 60_000 });
});

test('hardware, system, platform and files are chosen, planned and kept', async ({ page }) => {
  await openLab(page, notebook('small', 'chosen'));
  write('chosen/requirements.txt', 'iniconfig\n');
  const panel = await Panel.open(page);
  await panel.canBuild();

  const file = panel.region.getByLabel('File of requirements to add');
  await file.fill('../other.txt');
  await expect(panel.region.getByText(/without a way out/)).toBeVisible();
  await file.fill('requirements.txt');
  await file.press('Enter');
  await expect(panel.region.getByText('All of requirements.txt is added')).toBeVisible();
  await panel.canBuild();
  await panel.region.getByLabel('Filter packages').fill('iniconfig');
  await expect(panel.region.getByText('iniconfig', { exact: true })).toBeVisible({ timeout: 60_000 });
  await screen(page, 'files');
  await accessible(page, Panel.SELECTOR, 'files');

  await panel.tab('Hardware').click();
  const hardware = panel.region.getByLabel('Build for');
  const offered = await hardware.locator('option').evaluateAll(all => all.map(one => (one as HTMLOptionElement).value));
  expect(offered).toEqual(['', 'cpu', 'apple', 'cuda', 'cuda12', 'cuda13', 'rocm', 'tpu', 'neuron', 'gaudi']);
  await hardware.selectOption('apple');
  await expect(panel.region.getByText(/see no Metal/).first()).toBeVisible();
  await hardware.selectOption('');
  await panel.region.getByLabel('Platform').selectOption('linux/arm64');
  await panel.region.getByLabel('System', { exact: true }).selectOption('bookworm');
  await expect(panel.region.getByText('bookworm, arm64')).toBeVisible({ timeout: 60_000 });
  await screen(page, 'system');
  await accessible(page, Panel.SELECTOR, 'system');

  await panel.tab('Run').click();
  write('chosen/artifacts/model.bin', 'weights');
  const data = panel.region.getByRole('form', { name: 'Add data or a model' });
  await data.getByLabel('Path that the notebook reads').fill('data/model.bin');
  await data.getByLabel('Source').fill('https://example.org/model.bin');
  await expect(data.getByText(/needs its SHA-256/)).toBeVisible();
  await data.getByLabel('Source').fill('artifacts/model.bin');
  const sha256 = createHash('sha256').update('weights').digest('hex');
  await data.getByLabel(/^SHA-256/).fill(sha256);
  await data.getByRole('button', { name: 'Add data' }).click();
  await data.getByLabel('Path that the notebook reads').fill('data/images');
  await data.getByLabel('Given when the image runs').check();
  await data.getByLabel('A run needs it').uncheck();
  await data.getByRole('button', { name: 'Add data' }).click();
  await expect(panel.region.getByText(/^from artifacts\/model\.bin, SHA-256/)).toBeVisible();
  await expect(panel.region.getByText('given when the image runs, if somebody has it')).toBeVisible();
  await panel.canBuild();
  await screen(page, 'assets');
  await accessible(page, Panel.SELECTOR, 'assets');
  await panel.button('Keep in notebook').click();
  await expect(panel.button('Keep in notebook')).toBeHidden();
  const kept = JSON.parse(read('chosen/chosen.ipynb')) as { metadata: { mlpack: { assets: object[] } } };
  expect(kept.metadata.mlpack.assets).toEqual([
    { path: 'data/model.bin', from: 'artifacts/model.bin', sha256 },
    { path: 'data/images', mount: true, required: false }
  ]);
});
