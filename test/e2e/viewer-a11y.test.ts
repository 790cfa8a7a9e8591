// The page as axe sees it: each view, in both themes, narrow and at 200 %. A view that is not there yet
// shows the log, and is looked at when it comes.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BusyLeash, startBusyLeash } from '../support/busy-leash.ts';
import { showView } from '../support/screenshots.ts';
import { startBrowser } from '../support/start-browser.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS = ['list', 'detail', 'harden', 'policy', 'state'] as const;
const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  'narrow, light': { colorScheme: 'light', viewport: { width: 400, height: 800 } },
  'narrow, dark': { colorScheme: 'dark', viewport: { width: 400, height: 800 } },
  // What a window of 1280 pixels has left at 200 %.
  '200 %': { colorScheme: 'light', viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 },
} as const;

let busy: BusyLeash;
let browser: Browser;
beforeAll(async () => {
  busy = await startBusyLeash();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await busy?.close();
});

/** Serious and critical findings, each with where. Run from outside: the page's own rules forbid a script. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes
        .slice(0, 3)
        .map(
          ({ html, failureSummary }) =>
            `${id}: ${html.slice(0, 160)} ${failureSummary?.slice(0, 200)}`,
        ),
    );
}

async function open(look: keyof typeof LOOKS): Promise<Page> {
  const context = await browser.newContext({ ...LOOKS[look], reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(`${busy.leash.viewerUrl}/#token=${busy.token}`);
  await page.locator('.page').waitFor();
  return page;
}

describe.each(Object.keys(LOOKS) as (keyof typeof LOOKS)[])('%s', (look) => {
  let page: Page;
  beforeAll(async () => {
    page = await open(look);
  });
  afterAll(() => page?.context().close());

  it.each(VIEWS)(
    'the view %s has no serious finding, and no text is cut off at the side',
    async (view) => {
      await showView(page, busy, view);
      expect(await findings(page)).toEqual([]);
      const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(wider).toBeLessThanOrEqual(0);
    },
  );

  it('the login has no serious finding', async () => {
    const context = await browser.newContext(LOOKS[look]);
    const fresh = await context.newPage();
    await fresh.goto(busy.leash.viewerUrl);
    await fresh.getByLabel('Token of this viewer').waitFor();
    expect(await findings(fresh)).toEqual([]);
    await context.close();
  });

  it('the dialogs have no serious finding: the help of the keys', async () => {
    await showView(page, busy, 'list');
    await page.keyboard.press('?');
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press('Escape');
  });
});
