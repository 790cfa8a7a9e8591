// What is done with a row from the page: the keys that allow, block and filter, and which row they
// mean. A real browser, a real leash, real requests.

import { readFile } from 'node:fs/promises';
import type { Browser, Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { type HardenSite, startHardenSite, VIEWER_TOKEN } from '../support/harden-site.ts';
import { startBrowser } from '../support/start-browser.ts';

let site: HardenSite;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  site = await startHardenSite();
  browser = await startBrowser();
  for (const n of [1, 2, 3]) {
    await site.ask('builder', site.urlOf('api.shop.test', `/v1/orders/${n}`));
  }
  await site.ask('tester', site.urlOf('cdn.shop.test', '/assets/app.js'));
  await site.ask('tester', site.urlOf('cdn.shop.test', '/assets/app.css'));
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(async () => {
  faults = [];
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${site.leash.viewerUrl}/#token=${VIEWER_TOKEN}`);
  await rows().first().waitFor();
});
afterEach(async () => {
  await page.context().close();
  expect(faults).toEqual([]);
});

const rows = () => page.locator('.log tbody tr');
const rowOf = (text: string) => page.locator('.log tbody tr', { hasText: text }).first();
const detail = () => page.getByRole('complementary', { name: 'Record' });
const dialog = () => page.getByRole('dialog');
const titleOf = (text: string) => detail().getByRole('heading', { name: text });
const param = (name: string) => new URL(page.url()).searchParams.get(name);
const press = (...keys: string[]) =>
  keys.reduce((last, key) => last.then(() => page.keyboard.press(key)), Promise.resolve());

describe('the keys that allow and block', () => {
  it('mean the open record, also one of a link that the list has not', async () => {
    await rowOf('/v1/orders/2').click();
    await titleOf('/v1/orders/2').waitFor();
    const link = new URLSearchParams({ q: 'host:cdn.shop.test', sel: param('sel') ?? '' });
    await page.goto(`${site.leash.viewerUrl}/?${link}`);
    await titleOf('/v1/orders/2').waitFor();
    await rowOf('app.js').waitFor();
    expect(await page.locator('tr[aria-selected="true"]').count()).toBe(0);
    for (const [key, verb] of [
      ['a', 'Allow'],
      ['b', 'Block'],
    ] as const) {
      await press(key);
      await dialog()
        .getByRole('heading', { name: `${verb} api.shop.test:${site.origin.port}` })
        .waitFor();
      await press('Escape');
      await expect.poll(() => dialog().count()).toBe(0);
    }
    // No older one is there; the one before is the oldest of the list, not its newest.
    await press('j');
    await titleOf('/v1/orders/2').waitFor();
    await press('k');
    await titleOf('app.js').waitFor();
  });

  it('do nothing where no row is active, and neither do those that filter', async () => {
    await press('a', 'b', 'f', 'x');
    expect(await dialog().count()).toBe(0);
    expect(param('q')).toBeNull();
  });

  it('mean the row with the focus', async () => {
    await rowOf('/v1/orders/3').focus();
    await press('a');
    await dialog().getByRole('heading', { name: 'Allow api.shop.test' }).waitFor();
  });

  it('say why, where nothing may be changed from here', async () => {
    const json = { may_change: false, reason: 'an agent network' };
    // The answer comes when a key was pressed already.
    const pressed = deferred<void>();
    await page.route('**/api/access', async (route) => {
      await pressed.promise;
      await route.fulfill({ json });
    });
    await page.reload();
    for (const key of ['a', 'b']) {
      await rowOf('/v1/orders/3').focus();
      await press(key);
      pressed.resolve();
      const toast = page.locator('.toast', { hasText: 'Not possible from here: an agent network' });
      await toast.getByRole('button', { name: 'Dismiss' }).click();
      expect(await dialog().count()).toBe(0);
    }
  });

  it('suggest for a group of the backlog what is suggested for several: path and method', async () => {
    await page.getByRole('link', { name: 'Harden' }).click();
    const group = page.locator('.backlog tr', { hasText: 'GET /v1/orders/' });
    await group.getByRole('button', { name: 'Allow' }).click();
    await dialog().locator('.diff .added').filter({ hasText: 'prefix: /v1/orders/' }).waitFor();
    expect(await page.getByLabel('Path').inputValue()).toBe('/v1/orders/');
    expect(await dialog().getByLabel('only GET').isChecked()).toBe(true);
  });
});

describe('the keys that filter', () => {
  it('go on from what is typed, and Back takes them back', async () => {
    await page.getByLabel('Search the log').fill('orders');
    await rowOf('/v1/orders/3').focus();
    await press('x');
    await expect.poll(() => param('q')).toBe('orders -host:api.shop.test');
    await page.goBack();
    await expect.poll(() => param('q')).toBe('orders');
  });
});

describe('a link', () => {
  it('marks its record in the list and brings it into view', async () => {
    await rowOf('/v1/orders/1').click();
    await titleOf('/v1/orders/1').waitFor();
    await page.setViewportSize({ width: 1440, height: 420 });
    await page.reload();
    const row = page.locator('tr[aria-selected="true"]');
    await row.getByText('/v1/orders/1').waitFor();
    await expect.poll(() => row.getAttribute('tabindex')).toBe('0');
    const place = () => page.locator('.list').evaluate((list) => list.scrollTop);
    await expect.poll(place).toBeGreaterThan(0);
  });
});

describe('a pause', () => {
  it('holds the facets and the histogram too, until it ends', async () => {
    const facets = page.getByRole('complementary', { name: 'Facets' });
    const readout = page.locator('.histogram .readout');
    await facets.getByText('cdn.shop.test').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await readout.getByText(/records/).waitFor();
    const [values, numbers] = [await facets.textContent(), await readout.textContent()];
    await site.ask('builder', site.urlOf('other.test', '/while-paused'));
    const isNews = async (response: Response) =>
      response.url().includes('/api/facets') && (await response.text()).includes('other.test');
    await page.waitForResponse(isNews, { timeout: 25_000 });
    expect([await facets.textContent(), await readout.textContent()]).toEqual([values, numbers]);
    await page.getByRole('button', { name: 'Resume' }).click();
    await facets.getByText('other.test').waitFor();
  });
});

describe('the selection', () => {
  const count = (text: string) =>
    page.getByRole('toolbar', { name: 'List' }).getByText(text).waitFor();

  it('is made with Ctrl, Shift or s, and exported without an open record', async () => {
    await rowOf('app.css').click({ modifiers: ['Control'] });
    await count('1 selected');
    await rowOf('app.js').click({ modifiers: ['Shift'] });
    await rowOf('/v1/orders/3').focus();
    await press('s');
    await count('3 selected');
    expect(await detail().count()).toBe(0);
    expect(await page.locator('tr.chosen').count()).toBe(3);
    await page.getByRole('button', { name: 'Export' }).click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page
        .locator('.menu-row', { hasText: 'The 3 selected' })
        .getByRole('link', { name: 'HAR' })
        .click(),
    ]);
    const { log } = JSON.parse(await readFile(await file.path(), 'utf8'));
    expect(log.entries).toHaveLength(3);
    await page.getByText('The whole log').waitFor();
    await press('Escape');
    await expect.poll(() => page.getByText('The whole log').count()).toBe(0);
    await page.getByRole('button', { name: 'Export' }).click();
    await page.locator('header.top').click({ position: { x: 400, y: 4 } });
    await expect.poll(() => page.getByText('The whole log').count()).toBe(0);
    await page.getByRole('button', { name: 'Clear selection' }).click();
    expect(await page.locator('tr.chosen').count()).toBe(0);
  });
});

describe('the connection', () => {
  it('is said to be missing as long as it is', async () => {
    const state = page.locator('header.top [role="status"]');
    await page.route('**/api/**', (route) => route.abort());
    await state.getByText('no connection to leash').waitFor({ timeout: 20_000 });
    await page.unroute('**/api/**');
    await state.getByText('ready', { exact: true }).waitFor({ timeout: 20_000 });
  });
});
