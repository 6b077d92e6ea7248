/** `test` with the project's rules: whatever a page throws fails the test. */
import { expect, Page, test as base } from '@playwright/test';
import { releaseAll } from './site';

/** What Notebook 7 throws by itself when it starts, with or without this extension. */
const NOTEBOOK_7 = [/reading 'schema'/, /filebrowser:open-path/];

interface Watched {
  /** Every page of the test is watched: errors that nobody caught, collected. */
  thrown: Error[];
}

export const test = base.extend<Watched>({
  thrown: [
    async ({ context }, use) => {
      const thrown: Error[] = [];
      context.on('weberror', error => {
        const page = error.page();
        const own = page !== null && /\/(tree|notebooks)(\/|\?|$)/.test(page.url());
        const text = String(error.error().message ?? error.error());
        if (!(own && NOTEBOOK_7.some(known => known.test(text)))) {
          thrown.push(error.error());
        }
      });
      await use(thrown);
      releaseAll();
      expect(thrown.map(error => error.stack ?? String(error)), 'errors that the page threw').toEqual([]);
    },
    { auto: true }
  ]
});

export { expect, Page };
