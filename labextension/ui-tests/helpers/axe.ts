/** Accessibility of what we draw; JupyterLab around it is not ours to judge. */
import AxeBuilder from '@axe-core/playwright';
import { expect, Page } from '@playwright/test';

export async function accessible(page: Page, selector: string, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(selector).analyze();
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(node => node.html).join('\n  ')}`);
  expect.soft(found, `${selector}, ${state}`).toEqual([]);
}
