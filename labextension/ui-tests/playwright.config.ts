import { defineConfig } from '@playwright/test';

/** What `run` asks for: `tests`, `measure`, `pictures`, `hub` or `scheduler`; each is a folder. */
const what = process.env.MLPACK_UI_WHAT ?? 'tests';
const base = what === 'hub' ? '/behind/' : '/user/x%40y/';

export default defineConfig({
  testDir: what,
  outputDir: process.env.MLPACK_UI_RESULTS ?? 'test-results',
  // One server, two cores, and a first build that fills the store for all others.
  workers: 1,
  timeout: 300_000,
  globalTimeout: 3_000_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  // A loaded machine may lose a click while a page starts; whoever needs the second try is listed as flaky.
  retries: 1,
  reporter: [['list']],
  use: {
    baseURL: `http://127.0.0.1:${process.env.MLPACK_UI_PORT}${base}`,
    viewport: { width: 1280, height: 800 },
    screenshot: 'only-on-failure',
    trace: 'off',
    // A recording needs an ffmpeg that only Playwright's own download has.
    video: 'off',
    launchOptions: {
      executablePath: process.env.MLPACK_CHROMIUM,
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']
    }
  }
});
