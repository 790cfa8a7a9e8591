// What the browser asks for when the page is opened, and in which order: rows before all else that the
// page's program wants. A real browser, a real leash.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';

const TOKEN = 'token-of-this-test';

let leash: Leash;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  leash = await startLeash({ env: { LEASH_VIEWER_TOKEN: TOKEN }, policy: LOOPBACK_POLICY });
  await run('curl', ['-sS', '--proxy', leash.proxyUrl, 'http://10.255.255.1/inside']);
  await leash.waitForRecords((record) => record.event === 'blocked');
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
});
afterEach(() => page.context().close());

type Asked = { readonly path: string; readonly startTime: number; readonly responseEnd: number };

async function open(address: string): Promise<readonly Asked[]> {
  await page.goto(`${leash.viewerUrl}${address}`);
  await page.locator('tbody tr').first().waitFor();
  await page.locator('.facets [data-facet]').first().waitFor();
  return page.evaluate<Asked[]>(`performance.getEntriesByType('resource').map((entry) => ({
    path: entry.name.slice(location.origin.length),
    startTime: entry.startTime,
    responseEnd: entry.responseEnd,
  }))`);
}

describe('the page, opened', () => {
  it('asks for its rows once, before its program is there, and for counts behind them', async () => {
    page = await browser.newPage();
    await page.goto(`${leash.viewerUrl}/#token=${TOKEN}`);
    await page.locator('tbody tr').first().waitFor();
    for (const [address, path] of [
      ['/', '/api/logs?limit=200'],
      ['/?q=host:10.255.255.1', '/api/logs?limit=200&q=host%3A10.255.255.1'],
    ] as const) {
      const asked = await open(address);
      const lists = asked.filter((each) => each.path.startsWith('/api/logs?limit=200'));
      const pages = lists.filter((each) => !each.path.includes('after='));
      expect(
        pages.map((each) => each.path),
        address,
      ).toEqual([path]);
      const [rows] = pages;
      const program = asked.find((each) => each.path.endsWith('.js'));
      const counts = asked.find((each) => each.path.startsWith('/api/facets'));
      expect(rows?.startTime, address).toBeLessThan(program?.responseEnd ?? 0);
      expect(counts?.startTime, address).toBeGreaterThan(rows?.responseEnd ?? 0);
    }
  });

  it('logs in by the address first, where it has to', async () => {
    page = await browser.newPage();
    const asked = await open(`/#token=${TOKEN}`);
    const login = asked.find((each) => each.path === '/api/login');
    const pages = asked.filter((each) => each.path === '/api/logs?limit=200');
    expect(pages).toHaveLength(1);
    expect(pages[0]?.startTime).toBeGreaterThan(login?.responseEnd ?? Number.NaN);
  });

  it('shows the login where rows are refused, and the rows behind it', async () => {
    page = await browser.newPage();
    await page.goto(`${leash.viewerUrl}/`);
    await page.getByLabel(/token/i).fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.locator('tbody tr').first().waitFor();
  });
});
