/** The trainings: the form of a new one, one of them in detail. */
import { expect, Locator, Page } from '@playwright/test';

export class Jobs {
  static readonly SELECTOR = '.jp-Mlpack-Jobs';

  readonly form: Locator;

  constructor(readonly page: Page) {
    this.form = page.getByRole('form', { name: 'New training' });
  }

  detail(image: string): Locator {
    return this.page.getByRole('article', { name: `Training with ${image}` });
  }

  async start(): Promise<void> {
    const button = this.form.getByRole('button', { name: 'Start training' });
    await expect(button).toHaveAttribute('aria-disabled', 'false');
    await button.click();
  }
}
