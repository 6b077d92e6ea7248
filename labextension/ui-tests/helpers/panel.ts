/** The side panel of a notebook, by roles and words. */
import { expect, Locator, Page } from '@playwright/test';
import { containerizeButton } from './lab';

export class Panel {
  static readonly SELECTOR = '#jupyter-mlpack-panel';
  /** What shows that a build goes on. */
  static readonly PROGRESS = '.jp-Mlpack-Progress';

  readonly region: Locator;
  readonly build: Locator;
  readonly log: Locator;

  constructor(readonly page: Page) {
    this.region = page.locator(Panel.SELECTOR);
    this.build = this.region.getByRole('button', { name: /^(Build|Rebuild)$/ });
    this.log = this.region.getByRole('log');
  }

  /** Opens it by the button in the notebook's toolbar. */
  static async open(page: Page): Promise<Panel> {
    await containerizeButton(page).click();
    const panel = new Panel(page);
    await expect(panel.region).toBeVisible();
    return panel;
  }

  tab(name: string): Locator {
    return this.region.getByRole('tab', { name: new RegExp(`^${name}`) });
  }

  /** The row of a package that was found. */
  row(name: string): Locator {
    return this.region.getByRole('listitem').filter({ has: this.page.getByText(name, { exact: true }) });
  }

  button(name: string | RegExp): Locator {
    return this.region.getByRole('button', { name });
  }

  /** Presses Build as soon as there can be one. */
  async startBuild(): Promise<void> {
    await this.canBuild();
    await this.build.click();
  }

  /** Waits until a build could begin, with its plan known. */
  async canBuild(): Promise<void> {
    await expect(this.build).toHaveAttribute('aria-disabled', 'false', { timeout: 30_000 });
  }

  async running(): Promise<void> {
    await expect(this.region.getByRole('list', { name: 'Phases of the build' })).toBeVisible();
    await expect(this.region.getByRole('progressbar', { name: 'Progress of the build' })).toBeVisible();
  }

  async succeeded(timeout = 200_000): Promise<void> {
    await expect(this.region.getByRole('status').getByText('The image is ready')).toBeVisible({ timeout });
  }

  async failed(sentence: string | RegExp): Promise<void> {
    await expect(this.region.getByRole('alert').getByText(sentence)).toBeVisible({ timeout: 60_000 });
  }

  /** Waits until the build stands at its gate. */
  async holds(): Promise<void> {
    await this.showLog();
    await expect(this.log).toContainText(/waiting for/, { timeout: 200_000 });
  }

  async cancel(): Promise<void> {
    await this.button('Cancel').click();
    await this.button('Stop it').click();
  }

  /** Opens the log. What goes on in a build moves the line to press: a person presses again, too. */
  async showLog(): Promise<void> {
    await expect(async () => {
      if (!(await this.log.isVisible())) {
        await this.region.locator('summary', { hasText: /^Log$/ }).click({ timeout: 2000 });
      }
      await expect(this.log).toBeVisible({ timeout: 1000 });
    }).toPass({ timeout: 20_000 });
  }
}
