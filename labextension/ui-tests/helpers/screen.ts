/** Pictures of what a test sees, for people to look at: in `screens/`, not in the repository. */
import { Page } from '@playwright/test';
import * as path from 'node:path';

export async function screen(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(process.env.MLPACK_UI_SCREENS ?? path.join(__dirname, '..', 'screens'), `${name}.png`), animations: 'disabled' });
}
