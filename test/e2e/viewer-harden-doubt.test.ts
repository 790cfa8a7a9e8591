// What a person would not expect of an allow or a block is said before it is made, in a real browser.

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type HardenSite, startHardenSite, VIEWER_TOKEN } from '../support/harden-site.ts';
import { startBrowser } from '../support/start-browser.ts';

let site: HardenSite;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  site = await startHardenSite();
  browser = await startBrowser();
  await site.ask('builder', site.urlOf('api.shop.test', '/'));
  await site.ask('builder', site.urlOf('cdn.shop.test', '/v1'));
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
});

const dialog = () => page.getByRole('dialog');
const button = (name: string, inside: Page | Locator = page) =>
  inside.getByRole('button', { name, exact: true });

async function open(mode: string, view = ''): Promise<void> {
  await site.reset(mode);
  await page.goto(`${site.leash.viewerUrl}/${view}#token=${VIEWER_TOKEN}`);
  await page.getByLabel('Mode').waitFor();
}

/** Adds an entry to the blocklist as a script does. */
async function block(host: string): Promise<void> {
  const answer = await fetch(`${site.leash.viewerUrl}/api/policy/blocklist/add`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${VIEWER_TOKEN}` },
    body: JSON.stringify({ host }),
  });
  expect(answer.status).toBe(200);
}

it('a narrow block below a wider one says that it lets the rest pass, and asks whether that is meant', async () => {
  await open('audit');
  await block('shop.test');
  await page.locator('tbody tr', { hasText: 'api.shop.test' }).first().click();
  await button('Block…').click();
  await dialog().getByLabel('Effect').waitFor();
  await expect.poll(() => button('Block', dialog()).isEnabled()).toBe(true);
  await dialog().getByLabel('only GET').check();
  await dialog().getByText('This narrows shop.test').waitFor();
  expect(await button('Block', dialog()).isEnabled()).toBe(false);
  await dialog().getByLabel('this is meant').check();
  await expect.poll(() => button('Block', dialog()).isEnabled()).toBe(true);
  // Another change is another question.
  await dialog()
    .getByLabel(/^only port/)
    .check();
  await dialog().getByText('This narrows shop.test').waitFor();
  expect(await button('Block', dialog()).isEnabled()).toBe(false);
});

it('the Harden page shows a prefix as what it lets pass, and counts groups that become any path', async () => {
  await open('audit', '?view=harden');
  await page.locator('.backlog').getByText('begins with /v1').waitFor();
  await page.getByLabel('Select GET any path of api.shop.test').check();
  await page.getByLabel('Select GET begins with /v1 of cdn.shop.test').check();
  await button('Allow selected…').click();
  await dialog().getByText('1 group becomes any path of a host: api.shop.test.').waitFor();
});
