/** Behind JupyterHub, with a prefix: cookies instead of a token, the hub's own XSRF check, one real build. */
import { ready } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { notebook, TOKEN } from '../helpers/site';
import { test } from '../helpers/test';

test('a build behind JupyterHub', async ({ page }) => {
  test.setTimeout(300_000);
  const path = notebook('small', 'hub');
  await page.goto(`hub/login?next=${encodeURIComponent(`/behind/hub/user-redirect/lab/tree/${path}`)}`);
  await page.getByLabel('Username').fill('alice');
  await page.getByLabel('Password').fill(TOKEN);
  await page.getByRole('button', { name: /sign in|log in/i }).click();
  await page.waitForURL(/\/behind\/user\/alice\/lab/, { timeout: 120_000 });
  await ready(page);
  const panel = await Panel.open(page);
  await panel.startBuild();
  await panel.succeeded(180_000);
  await screen(page, 'hub');
});
