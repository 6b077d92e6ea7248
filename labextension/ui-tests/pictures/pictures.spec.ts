/** The README's pictures of the panel, from real builds: `run --pictures` writes them to docs/pictures/. */
import * as path from 'node:path';
import { closeKernels, openLab } from '../helpers/lab';
import { Jobs } from '../helpers/jobs';
import { Panel } from '../helpers/panel';
import { example } from '../helpers/site';
import { expect, Page, test } from '../helpers/test';

const PICTURES = path.join(__dirname, '..', '..', '..', 'docs', 'pictures');
/** A seven, 8 by 8. */
const SEVEN =
  '[0,0,7,8,13,16,15,1, 0,0,7,7,4,11,12,0, 0,0,0,0,8,13,1,0, 0,4,8,8,15,15,6,0, ' +
  '0,2,11,15,15,4,0,0, 0,0,0,16,5,0,0,0, 0,0,9,15,1,0,0,0, 0,0,13,5,0,0,0,0]';
const SIZE = { width: 1160, height: 680 };

test.use({ viewport: SIZE });
test.afterEach(closeKernels);

test('packages, each with its reason', async ({ page }) => {
  await openLab(page, example('messy', 'clips'));
  await tidy(page);
  const panel = await Panel.open(page);
  await expect(panel.region.getByText('To decide')).toBeVisible();
  await expect(panel.region.getByText('Working out size and time…')).toBeHidden({ timeout: 120_000 });
  await widen(page, 90);
  await page.setViewportSize({ ...SIZE, height: 860 }); // as far as the packages
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await picture(page, 'packages');
});

test('a build that is done, a training that goes on', async ({ page }) => {
  test.setTimeout(580_000);
  await openLab(page, example('digits', 'digits'));
  await tidy(page);
  const panel = await Panel.open(page);
  await widen(page, 90);
  await panel.startBuild();
  await panel.succeeded(240_000);
  await page.mouse.move(SIZE.width / 2, SIZE.height / 2);
  await picture(page, 'result');

  const jobs = new Jobs(page);
  await panel.button('Run training').click();
  await jobs.form.getByLabel('epochs').fill('40');
  await jobs.start();
  const job = jobs.detail('digits:training');
  await expect(job.getByRole('status').getByText('Succeeded')).toBeVisible({ timeout: 90_000 });
  // all the room for the trainings
  await page.locator('.jp-SideBar.jp-mod-right .lm-TabBar-tab[data-id=jupyter-mlpack-panel]').click();
  await expect(job.getByRole('region', { name: 'Metrics' }).locator('svg').first()).toBeVisible();
  await picture(page, 'jobs');

  // what it left, behind an address
  await job.getByRole('button', { name: 'Serve this model' }).click();
  await panel.canBuild();
  await panel.startBuild();
  await panel.running();
  await panel.succeeded(240_000);
  await panel.button('Run service').click();
  const form = panel.region.getByRole('form', { name: 'Try it' });
  await form.getByLabel('pixels').fill(SEVEN);
  await form.getByRole('button', { name: 'Send' }).click();
  await expect(form.getByText(/^Answered in/)).toBeVisible();
  await page.locator('.lm-TabBar-tab', { hasText: 'digits.ipynb' }).first().click();
  await page.locator('.jp-Notebook-cell').last().scrollIntoViewIfNeeded();
  await page.mouse.move(SIZE.width / 2, SIZE.height / 2);
  await picture(page, 'service');
  await panel.button('Stop the service').click();
  await panel.button('Stop it').click();
  await expect(panel.region.getByText('Stopped', { exact: true })).toBeVisible({ timeout: 60_000 });
});

/** Without the file browser: the notebook has the room. */
async function tidy(page: Page): Promise<void> {
  await page.locator('.jp-SideBar.jp-mod-left .lm-TabBar-tab[data-id=filebrowser]').click();
  await expect(page.locator('#filebrowser')).toBeHidden();
}

/** Pulls the right side's edge to the left. */
async function widen(page: Page, by: number): Promise<void> {
  const box = await page.locator(Panel.SELECTOR).boundingBox();
  if (box === null) {
    throw new Error('the panel is not there');
  }
  await page.mouse.move(box.x - 3, box.y + 300);
  await page.mouse.down();
  await page.mouse.move(box.x - 3 - by, box.y + 300, { steps: 5 });
  await page.mouse.up();
  await expect.poll(async () => (await page.locator(Panel.SELECTOR).boundingBox())?.width).toBeGreaterThan(box.width + by / 2);
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(PICTURES, `panel-${name}.png`), animations: 'disabled', caret: 'hide' });
}
