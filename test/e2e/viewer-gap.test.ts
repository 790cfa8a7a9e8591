// The list while more comes than it can hold, and when its first page does not come. In a real browser.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';

/** More than rows that can wait. */
const FLOOD = 600;

let leash: Leash;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  leash = await startLeash({ policy: LOOPBACK_POLICY, env: { LEASH_VIEWER_TOKEN: 'token' } });
  browser = await startBrowser();
  await ask(['first']);
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
});
beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await context.newPage();
});
afterEach(() => page.context().close());

/** All are refused, because the address is not public: each is a row. */
async function ask(names: readonly string[]): Promise<void> {
  const urls = names.map((name) => `http://10.255.255.1/${name}`);
  await run('curl', ['-sS', '--proxy', leash.proxyUrl, ...urls]);
  await leash.waitForRecords((record) => String(record.url).endsWith(`/${names.at(-1)}`));
}
const open = () => page.goto(`${leash.viewerUrl}/#token=token`);
const rowOf = (text: string) => page.locator('tbody tr', { hasText: text });
const flood = (name: string) => Array.from({ length: FLOOD }, (_, n) => `${name}-${n}`);

describe('the list', () => {
  it('goes on by itself when a reader who held it lets go, however much came', async () => {
    await open();
    await rowOf('first').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await ask(flood('held'));
    await page.getByRole('button', { name: 'Many new' }).waitFor();
    expect(await rowOf('held-').count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await rowOf(`held-${FLOOD - 1}`).waitFor();
    await ask(['after-it']);
    await rowOf('after-it').waitFor();
    expect(await page.getByRole('button', { name: /new$/ }).count()).toBe(0);
  });

  it('has all that is there, also when its first page failed, and failed again', async () => {
    let asked = 0;
    await page.route('**/api/logs?*', async (route) => {
      asked += 1;
      if (asked > 2) await route.fallback();
      else await route.abort();
    });
    await open();
    await rowOf('after-it').waitFor();
    expect(asked).toBeGreaterThan(2);
    expect(await page.getByText('This is the beginning of the log.').count()).toBe(0);
  });
});
