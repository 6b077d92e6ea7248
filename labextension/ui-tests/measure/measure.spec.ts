/** Figures for people who ask; nothing fails here but what is plainly broken. `run --measure` prints them. */
import { Page } from '@playwright/test';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { closeKernels, containerizeButton, openLab } from '../helpers/lab';
import { Panel } from '../helpers/panel';
import { chatty, notebook } from '../helpers/site';
import { expect, test } from '../helpers/test';

const ROUNDS = 5;
const ASSETS = path.join(__dirname, '..', '..', '..', 'jupyter_mlpack', 'labextension');

interface Felt {
  /** Tasks of 50 ms and more, in ms. */
  long: number[];
  /** Time between frames, in ms. */
  frames: number[];
}

function tell(what: string, figure: string): void {
  console.log(`${what.padEnd(58)} ${figure}`);
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Time from the next click on `button` until something that fits `shown` is seen, in the page's own clock. */
async function untilSeen(page: Page, button: string, shown: string): Promise<() => Promise<number>> {
  await page.evaluate(
    ([press, see]) => {
      const visible = (): boolean =>
        [...document.querySelectorAll<HTMLElement>(see)].some(node => node.checkVisibility());
      Object.assign(window, {
        mlpackSeen: new Promise<number>(resolve => {
          const onClick = (event: MouseEvent): void => {
            if (!(event.target as HTMLElement).closest(press)) {
              return;
            }
            document.removeEventListener('click', onClick, true);
            const began = event.timeStamp;
            const look = (): void =>
              visible() ? resolve(performance.now() - began) : void requestAnimationFrame(look);
            requestAnimationFrame(look);
          };
          document.addEventListener('click', onClick, true);
        })
      });
    },
    [button, shown]
  );
  return () => page.evaluate(() => (window as unknown as { mlpackSeen: Promise<number> }).mlpackSeen);
}

/** Writes down long tasks and frames from now on. */
async function feel(page: Page): Promise<() => Promise<Felt>> {
  await page.evaluate(() => {
    const felt: Felt = { long: [], frames: [] };
    Object.assign(window, { mlpackFelt: felt });
    new PerformanceObserver(list => felt.long.push(...list.getEntries().map(entry => entry.duration))).observe({
      type: 'longtask'
    });
    let last = performance.now();
    const frame = (now: number): void => {
      felt.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return () => page.evaluate(() => (window as unknown as { mlpackFelt: Felt }).mlpackFelt);
}

test.describe.configure({ mode: 'serial' });
test.afterEach(closeKernels);

test('click to first visible progress', async ({ page }) => {
  test.setTimeout(300_000);
  const opened: number[] = [];
  const built: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await openLab(page, notebook('small', `seen${round}`));
    await page.waitForTimeout(3000); // JupyterLab goes on starting for a while
    const panel = new Panel(page);
    const toOpen = await untilSeen(page, '.jp-NotebookPanel-toolbar', `${Panel.SELECTOR} .jp-Mlpack-Footer`);
    await containerizeButton(page).click();
    opened.push(await toOpen());
    await expect(panel.build).toBeEnabled();
    await page.waitForTimeout(1500);
    const toProgress = await untilSeen(page, `${Panel.SELECTOR} button`, `${Panel.SELECTOR} ${Panel.PROGRESS}`);
    await panel.build.click();
    built.push(await toProgress());
    await panel.succeeded();
  }
  tell('Containerize to the panel (ms, median of 5)', `${median(opened).toFixed(0)}  ${opened.map(Math.round)}`);
  tell('Build to first visible progress (ms, median of 5; aim 300)', `${median(built).toFixed(0)}  ${built.map(Math.round)}`);
});

test('a log of 5,000 lines', async ({ page }) => {
  test.setTimeout(300_000);
  await openLab(page, chatty('stream', 5000));
  const panel = await Panel.open(page);
  await page.waitForTimeout(3000);
  const felt = await feel(page);
  await panel.startBuild();
  await panel.showLog();
  await panel.succeeded(120_000);
  const { long, frames } = await felt();
  const slow = frames.filter(time => time > 50).length;
  tell('long tasks of 50 ms and more (aim 0)', `${long.length}, longest ${Math.round(Math.max(0, ...long))} ms`);
  tell('frames', `${frames.length}, median ${median(frames).toFixed(1)} ms, above 50 ms: ${slow}`);
});

test('size of the front end', () => {
  // what a development build leaves there, and no release has
  const loose = fs.existsSync(path.join(ASSETS, 'build_log.json')) ? ', a development build: larger than a release' : '';
  const sizes = fs
    .readdirSync(ASSETS, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.endsWith('.map'))
    .map(entry => fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name)).size);
  const total = sizes.reduce((a, b) => a + b, 0);
  tell('front end in the wheel (kB; aim 300)', `${(total / 1000).toFixed(0)} in ${sizes.length} files${loose}`);
});
