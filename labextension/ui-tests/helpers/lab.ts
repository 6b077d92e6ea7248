/** JupyterLab and Notebook 7 as a person uses them. */
import { expect, Locator, Page } from '@playwright/test';
import { TOKEN } from './site';

/** Opens a notebook in JupyterLab, with nothing left open from before. */
export async function openLab(page: Page, path: string): Promise<void> {
  await page.goto(`lab/tree/${path}?reset&token=${TOKEN}`);
  await ready(page);
}

/** Waits until the notebook and its toolbar are there. */
export async function ready(page: Page): Promise<void> {
  await expect(page.locator('.jp-Notebook-cell').first()).toBeVisible({ timeout: 90_000 });
  await expect(containerizeButton(page)).toBeVisible({ timeout: 60_000 });
}

export function containerizeButton(page: Page): Locator {
  return page.locator('.jp-NotebookPanel-toolbar').getByRole('button', { name: 'Containerize' });
}

/**
 * Runs a command through the palette, as a person would: by its label. A page that is still starting may give the focus
 * to the notebook, which closes the palette: a person opens it again.
 */
export async function fromPalette(page: Page, label: string): Promise<void> {
  const box = page.locator('#modal-command-palette .lm-CommandPalette-input');
  const item = page.locator('#modal-command-palette .lm-CommandPalette-item.lm-mod-active', { hasText: label });
  await expect(async () => {
    if (!(await box.isVisible())) {
      await page.keyboard.press('Control+Shift+c');
    }
    await box.fill(label, { timeout: 3000 });
    await expect(item).toBeVisible({ timeout: 3000 });
    await item.click({ timeout: 3000 });
  }).toPass({ timeout: 60_000 });
}

/** Chooses an entry of a menu of the menu bar. */
export async function fromMenu(page: Page, menu: string, label: string): Promise<void> {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: new RegExp(`^${menu}$`) }).click();
  await page.locator('.lm-Menu-itemLabel', { hasText: label }).first().click();
}

/** Ends the kernels that opened notebooks started: the next test wants the processor for itself. */
export async function closeKernels({ page }: { page: Page }): Promise<void> {
  const headers = { Authorization: `token ${TOKEN}` };
  const answer = await page.request.get('api/sessions', { headers });
  if (!answer.ok()) {
    return; // the page never came as far as the server: the test says so
  }
  for (const session of (await answer.json()) as { id: string }[]) {
    await page.request.delete(`api/sessions/${session.id}`, { headers });
  }
}
