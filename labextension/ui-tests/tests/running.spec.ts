/** While a build runs: it is the server's, whatever happens to the page. */
import { closeKernels, openLab, ready } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { chatty, held, notebook, release } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('cancel in mid-build', async ({ page }) => {
  await openLab(page, held('cancelled'));
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.holds();
  await panel.cancel();
  await expect(panel.region.getByText('Build stopped')).toBeVisible();
  await screen(page, 'stopped');
  await panel.button('Build again').click();
  release('cancelled');
  await panel.startBuild();
  await panel.succeeded();
});

test('reload in mid-build', async ({ page }) => {
  await openLab(page, held('reloaded'));
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.holds();
  // the layout is stored a moment after it changed
  await page.waitForTimeout(1500);
  await page.goto('lab');
  await ready(page);
  await expect(panel.region).toBeVisible();
  await panel.running();
  await panel.holds();
  release('reloaded');
  await panel.succeeded();
});

test('the events socket is cut in mid-build', async ({ page }) => {
  let cut = (): void => undefined;
  let refuse = false;
  await page.routeWebSocket(/api\/events\/subscribe/, socket => {
    if (refuse) {
      void socket.close();
      return;
    }
    const server = socket.connectToServer();
    cut = () => {
      refuse = true;
      void socket.close();
      void server.close();
    };
  });
  await openLab(page, held('cut'));
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.holds();
  cut();
  release('cut');
  await panel.succeeded();
  await panel.showLog();
  await expect(panel.log).toContainText('Process train runs cut.ipynb');
});

test('a second tab shows the same', async ({ page, context }) => {
  const path = held('twice');
  await openLab(page, path);
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.holds();
  const other = await context.newPage();
  await other.goto(`lab/workspaces/other/tree/${path}?reset`);
  await ready(other);
  const twin = await Panel.open(other);
  await twin.running();
  await twin.holds();
  release('twice');
  await Promise.all([panel.succeeded(), twin.succeeded()]);
});

test('what does not fit waits in a queue', async ({ page }) => {
  const names = ['queue1', 'queue2', 'queue3'];
  for (const name of names) {
    await openLab(page, held(name));
    const panel = await Panel.open(page);
    await panel.startBuild();
    await panel.running(); // it is the server's now
  }
  const panel = new Panel(page);
  await expect(panel.region.getByText(/^Waiting/).first()).toBeVisible();
  await screen(page, 'queued');
  names.forEach(release);
  await panel.succeeded();
});

test('the whole of a long log', async ({ page }) => {
  await openLab(page, chatty('long', 5000));
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.succeeded();
  await panel.showLog();
  await expect(panel.region.getByText(/5,?\d\d\d lines/)).toBeVisible();
});

test('without a package', async ({ page }) => {
  await openLab(page, notebook('small', 'plain'));
  const panel = await Panel.open(page);
  await expect(panel.region.getByText('the standard library is enough')).toBeVisible();
  await screen(page, 'plain');
});
