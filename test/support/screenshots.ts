// `npm run screenshots -- FOLDER`: pictures of each view over a real leash with traffic of its own, dark
// and light, wide and narrow.

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type BusyLeash, startBusyLeash } from './busy-leash.ts';
import { startBrowser } from './start-browser.ts';

const SHOTS = ['list', 'detail', 'harden', 'policy', 'state'] as const;
const SIZES = {
  wide: { width: 1440, height: 900 },
  narrow: { width: 400, height: 800 },
} as const;

/** Writes `<view>-<light|dark>[-narrow].png`. */
export async function main([folder = 'data/screenshots']: readonly string[]): Promise<void> {
  const target = resolve(folder);
  await mkdir(target, { recursive: true });
  const busy = await startBusyLeash();
  const browser = await startBrowser();
  try {
    for (const scheme of ['light', 'dark'] as const) {
      for (const size of ['wide', 'narrow'] as const) {
        const page = await openPage(browser, busy, { scheme, size });
        for (const shot of SHOTS) {
          await showView(page, busy, shot);
          const name = `${shot}-${scheme}${size === 'narrow' ? '-narrow' : ''}.png`;
          await page.screenshot({ path: join(target, name) });
        }
        await page.context().close();
      }
    }
  } finally {
    await browser.close();
    await busy.close();
  }
  process.stdout.write(`${SHOTS.length * 4} pictures are in ${target}\n`);
}

type Look = { readonly scheme: 'light' | 'dark'; readonly size: keyof typeof SIZES };

async function openPage(browser: Browser, { leash, token }: BusyLeash, look: Look): Promise<Page> {
  const context = await browser.newContext({
    colorScheme: look.scheme,
    viewport: SIZES[look.size],
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(`${leash.viewerUrl}/#token=${token}`);
  await page.locator('.page').waitFor();
  return page;
}

/** Shows a view and waits until it has what it shows. */
export async function showView(
  page: Page,
  { leash }: Pick<BusyLeash, 'leash'>,
  view: (typeof SHOTS)[number],
): Promise<void> {
  const isLog = view === 'list' || view === 'detail';
  await page.goto(`${leash.viewerUrl}/${isLog ? '' : `?view=${view}`}`);
  await page.locator('.page').waitFor();
  if (isLog) await page.getByText('/v1/messages').first().waitFor();
  if (view === 'detail') {
    await page.getByText('/v1/messages').first().click();
    await page.getByRole('complementary', { name: 'Record' }).locator('h2').first().waitFor();
  }
  if (view === 'state') await page.locator('.card').first().waitFor();
  // What else is fetched has come, or is a stream that never ends.
  await page.waitForLoadState('networkidle', { timeout: 1_500 }).catch(() => {});
}
