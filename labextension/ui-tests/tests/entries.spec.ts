/** All the ways in, and everything without a mouse. */
import { closeKernels, fromMenu, fromPalette, openLab } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { screen } from '../helpers/screen';
import { notebook } from '../helpers/site';
import { expect, test } from '../helpers/test';

test.afterEach(closeKernels);

test('palette, File menu, file browser', async ({ page }) => {
  await openLab(page, notebook('small', 'entries'));
  const panel = new Panel(page);
  const close = async (): Promise<void> => {
    await page.locator('.jp-SideBar.jp-mod-right .lm-TabBar-tab[data-id=jupyter-mlpack-panel]').click();
    await expect(panel.region).toBeHidden();
  };
  const opened = async (): Promise<void> => {
    await expect(panel.region).toBeVisible();
    await expect(panel.region.getByText('entries.ipynb').first()).toBeVisible();
  };
  await fromPalette(page, 'Containerize Notebook');
  await opened();
  await close();
  await fromMenu(page, 'File', 'Containerize Notebook');
  await opened();
  await close();
  await page.locator('.jp-DirListing-item[data-file-type=notebook]', { hasText: 'entries.ipynb' }).click({ button: 'right' });
  await screen(page, 'context-menu');
  await page.locator('.lm-Menu-itemLabel', { hasText: 'Containerize Notebook' }).click();
  await opened();
});

test('by keyboard only, from the shortcut to the result', async ({ page }) => {
  await openLab(page, notebook('small', 'keys'));
  const panel = new Panel(page);
  await page.locator('.jp-Notebook-cell').first().click();
  await page.keyboard.press('Control+Alt+c');
  await expect(panel.region).toBeVisible();
  await panel.canBuild();
  await expect(panel.region.locator(':focus'), 'the focus is in the panel').toHaveCount(1);
  await tabTo(panel, panel.tab('Packages'));
  await page.keyboard.press('ArrowRight');
  await expect(panel.tab('Hardware')).toBeFocused();
  await expect(panel.tab('Hardware')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('End');
  await expect(panel.tab('Run')).toHaveAttribute('aria-selected', 'true');
  await tabTo(panel, panel.build);
  await page.keyboard.press('Enter');
  await panel.succeeded();
  await expect(panel.region.locator(':focus'), 'the focus stays in the panel').toHaveCount(1);
});

async function tabTo(panel: Panel, target: ReturnType<Panel['tab']>): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if (await target.evaluate(node => node === document.activeElement)) {
      return;
    }
    await panel.page.keyboard.press('Tab');
  }
  throw new Error('60 presses of Tab do not lead there');
}
