// How long it takes from the address of the page to rows that are drawn, in a real browser: cold, with a
// viewer and a browser context that have just started, and warm, loaded again.

import type { BrowserContext, Page } from 'playwright-core';
import { startBrowser } from '../test/support/start-browser.ts';
import { startViewerProcess } from './viewer-process.ts';

/** Milliseconds since the navigation began. */
export type Load = {
  /** The page has the rows. */
  readonly rows: number;
  /** They are in a picture. */
  readonly drawn: number;
};

const LOADS = 5;
const LIMIT_MS = 300;
const TIMEOUT_MS = 30_000;
const VIEWPORT = { width: 1400, height: 900 };

/** In the page: notes when the first picture with a row is on its way to the screen. */
const WATCH = `new MutationObserver((_, observer) => {
  if (document.querySelector('tbody tr') === null) return;
  observer.disconnect();
  requestAnimationFrame(() => {
    const behind = new MessageChannel();
    behind.port1.onmessage = () => performance.mark('bench-drawn');
    behind.port2.postMessage(null);
  });
}).observe(document, { childList: true, subtree: true })`;

/** Both times, when both are there. */
const MARKS = `new Promise((resolve) => {
  const names = ['leash-rows', 'bench-drawn'];
  const look = () => {
    const times = names.map((name) => performance.getEntriesByName(name)[0]?.startTime);
    if (times.includes(undefined)) setTimeout(look, 10);
    else resolve(times);
  };
  look();
})`;

/** Five loads of each kind, as lines to read. The index is made before, where there is none. */
export async function measureBrowser(dir: string, state: string, port: number): Promise<string> {
  const indexer = await startViewerProcess(dir, state, port);
  await indexer.stop();
  const browser = await startBrowser();
  try {
    const cold: Load[] = [];
    // The first of each kind is not counted: the browser itself starts in it, and what is warm gets warm.
    for (let n = 0; n <= LOADS; n += 1) {
      cold.push(...(await measureViewer({ dir, state, port, loads: 1 }, () => open(browser))));
    }
    const warm = await measureViewer({ dir, state, port, loads: LOADS + 1 }, () => open(browser));
    return [formatLoads('cold', cold.slice(1)), formatLoads('warm', warm.slice(1))].join('\n');
  } finally {
    await browser.close();
  }
}

type Setting = { dir: string; state: string; port: number; loads: number };

async function measureViewer(
  { dir, state, port, loads }: Setting,
  openContext: () => Promise<BrowserContext>,
): Promise<Load[]> {
  const viewer = await startViewerProcess(dir, state, port, 'listening');
  try {
    const context = await openContext();
    try {
      const page = await context.newPage();
      const done: Load[] = [];
      for (let n = 0; n < loads; n += 1) done.push(await load(page, port));
      return done;
    } finally {
      await context.close();
    }
  } finally {
    await viewer.stop();
  }
}

async function open(browser: Awaited<ReturnType<typeof startBrowser>>): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  await context.addInitScript(WATCH);
  return context;
}

async function load(page: Page, port: number): Promise<Load> {
  await page.goto(`http://127.0.0.1:${port}/`, { timeout: TIMEOUT_MS });
  await page.locator('tbody tr').first().waitFor({ timeout: TIMEOUT_MS });
  const [rows = Number.NaN, drawn = Number.NaN] = await page.evaluate<number[]>(MARKS);
  return { rows, drawn };
}

/** One line: median and worst of both times. */
export function formatLoads(what: string, loads: readonly Load[]): string {
  const times = (['rows', 'drawn'] as const).map((name) => {
    const sorted = loads.map((each) => each[name]).sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? Number.NaN;
    const worst = sorted.at(-1) ?? Number.NaN;
    return `${name} ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`;
  });
  return `first rows, ${what}: ${times.join(' · ')} (limit ${LIMIT_MS} ms, ${loads.length} loads)`;
}
