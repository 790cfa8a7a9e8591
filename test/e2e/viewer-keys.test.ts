// The list by keyboard, and as each person likes it: columns, times, theme, zoom. In a real browser.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOW_CONTRAST } from '../support/low-contrast.ts';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';

const TOKEN = 'token-of-this-test';
const REQUESTS = 60;

let leash: Leash;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  leash = await startLeash({ env: { LEASH_VIEWER_TOKEN: TOKEN }, policy: LOOPBACK_POLICY });
  browser = await startBrowser();
  // All are refused, because the addresses are not public: each is a row.
  const urls = Array.from({ length: REQUESTS }, (_, n) => `http://10.255.255.${n % 3}/req-${n}`);
  await run('curl', ['-sS', '--proxy', leash.proxyUrl, ...urls]);
  await leash.waitForRecords((record) => String(record.url).endsWith(`req-${REQUESTS - 1}`));
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
});
beforeEach(async () => {
  faults = [];
  await open();
});
afterEach(async () => {
  await page.context().close();
  expect(faults).toEqual([]);
});

async function open(options: BrowserContextOptions = {}): Promise<void> {
  const viewport = { width: 1440, height: 900 };
  const context = await browser.newContext({ viewport, colorScheme: 'light', ...options });
  page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${leash.viewerUrl}/#token=${TOKEN}`);
  await rows().first().waitFor();
  // The strips above the list come with the state of leash, and move it down.
  await page.getByText('ready', { exact: true }).waitFor();
}

async function reopen(options: BrowserContextOptions): Promise<void> {
  await page.context().close();
  await open(options);
}

const rows = () => page.locator('tbody tr');
const detail = () => page.getByRole('complementary', { name: 'Record' });
const press = (...keys: string[]) =>
  keys.reduce((last, key) => last.then(() => page.keyboard.press(key)), Promise.resolve());
/** Index of the row that has the focus; 1 is the heads. */
const focused = () => page.locator('tr:focus').getAttribute('aria-rowindex', { timeout: 2000 });
const query = () => new URL(page.url()).searchParams.get('q');
const head = (name: string) => page.getByRole('columnheader', { name });
const widthOf = async (name: string) => (await head(name).boundingBox())?.width ?? 0;

describe('the grid', () => {
  it('is one for assistive programs, with its size and the place of each row', async () => {
    const grid = page.getByRole('grid', { name: 'Requests, newest first' });
    expect(Number(await grid.getAttribute('aria-rowcount'))).toBeGreaterThan(REQUESTS);
    expect(await grid.getAttribute('aria-colcount')).toBe('9');
    expect(await rows().first().getAttribute('aria-rowindex')).toBe('2');
    const cells = rows().first().getByRole('gridcell');
    expect(await cells.count()).toBe(9);
    expect(await cells.nth(4).getAttribute('aria-colindex')).toBe('5');
    // Tab comes to one row; the keys go on from there.
    expect(await page.locator('tbody tr[tabindex="0"]').count()).toBe(1);
  });

  it('is walked with arrows, pages, Home and End, and the focus can be seen', async () => {
    await press('ArrowDown');
    expect(await focused()).toBe('2');
    await press('ArrowDown', 'ArrowDown');
    expect(await focused()).toBe('4');
    await press('ArrowUp');
    expect(await focused()).toBe('3');
    const outline = `getComputedStyle(document.querySelector('tr:focus')).outlineStyle`;
    expect(await page.evaluate(outline)).toBe('solid');
    await press('PageDown');
    expect(Number(await focused())).toBeGreaterThan(15);
    await press('PageUp');
    expect(await focused()).toBe('3');
    await press('End');
    await expect.poll(async () => Number(await focused())).toBeGreaterThan(REQUESTS);
    await page.locator('tr:focus').scrollIntoViewIfNeeded();
    await press('Home');
    await expect.poll(focused).toBe('2');
    expect(await detail().count()).toBe(0);
  });

  it('opens with Enter, goes on with the record open, and comes back with Escape', async () => {
    await press('ArrowDown', 'ArrowDown', 'Enter');
    await detail().getByText('req-').first().waitFor();
    await press('ArrowDown');
    const opened = page.locator('tr[aria-selected="true"]');
    await expect.poll(() => opened.getAttribute('aria-rowindex')).toBe('4');
    await press('Escape');
    await expect.poll(() => detail().count()).toBe(0);
    await expect.poll(focused).toBe('4');
  });

  it('keeps the focus on a row that is scrolled out of sight', async () => {
    await press('ArrowDown');
    await page.locator('.list').evaluate((list) => list.scrollTo(0, 1200));
    await expect.poll(focused).toBe('2');
  });
});

describe('single keys', () => {
  it('f shows the host of the row only, x all others', async () => {
    await page.locator('tbody tr', { hasText: 'req-58' }).focus();
    await press('f');
    expect(query()).toBe('host:10.255.255.1');
    await expect.poll(async () => (await rows().allInnerTexts()).join()).not.toContain('req-59');
    await rows().first().focus();
    await press('f', 'f');
    expect(query()).toBe('host:10.255.255.1');
    await page.goto(`${leash.viewerUrl}/`);
    await page.locator('tbody tr', { hasText: 'req-58' }).focus();
    await press('x');
    expect(query()).toBe('-host:10.255.255.1');
    await expect.poll(async () => (await rows().allInnerTexts()).join()).not.toContain('req-58');
  });

  it('? lists all of them, and they can be switched off for good', async () => {
    await press('?');
    const help = page.getByRole('dialog', { name: 'Keys' });
    await help.waitFor();
    for (const text of ['Pause or resume new rows', 'Only this host', 'Page Down']) {
      await help.getByText(text).waitFor();
    }
    await press('j');
    expect(await detail().count()).toBe(0);
    await help.getByLabel('Single-key shortcuts').uncheck();
    await press('Escape');
    await expect.poll(() => help.isVisible()).toBe(false);
    await page.reload();
    await rows().first().waitFor();
    await press('j', 'Space', 'f', '/', '?', 'ArrowDown');
    expect(await focused()).toBe('2');
    expect([query(), await detail().count(), await help.isVisible()]).toEqual([null, 0, false]);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Keys' }).click();
    await help.getByLabel('Single-key shortcuts').check();
    await help.getByRole('button', { name: 'Close' }).click();
    await press('j');
    await detail().waitFor();
  });

  it('are letters in a field', async () => {
    await press('/');
    await page.keyboard.type('jx f?');
    await expect.poll(query).toBe('jx f?');
  });
});

describe('the columns', () => {
  it('are made wider by pointer and by keyboard, hidden and shown, and remembered', async () => {
    const edge = head('Client').getByRole('separator');
    const before = await widthOf('Client');
    await edge.focus();
    await press('ArrowRight', 'ArrowRight', 'ArrowLeft');
    expect(await widthOf('Client')).toBe(before + 8);
    const box = await edge.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 4, (box?.y ?? 0) + 8);
    await page.mouse.down();
    await page.mouse.move((box?.x ?? 0) + 64, (box?.y ?? 0) + 8, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => widthOf('Client')).toBe(before + 68);
    await page.getByText('Columns', { exact: true }).click();
    await page.getByRole('checkbox', { name: 'Port' }).uncheck();
    await expect.poll(() => head('Port').count()).toBe(0);
    await page.reload();
    await rows().first().waitFor();
    expect(await widthOf('Client')).toBe(before + 68);
    expect(await head('Port').count()).toBe(0);
    expect(await rows().first().getByRole('gridcell').count()).toBe(8);
  });

  it('are the plain ones where what is remembered is nonsense', async () => {
    await page.evaluate(`localStorage.setItem('leash.columns', '{"hidden":["url",7],"widths":"x"}');
      localStorage.setItem('leash.theme', 'purple'); localStorage.setItem('leash.times', '[')`);
    await page.reload();
    await rows().first().waitFor();
    expect(await page.locator('.list').getByRole('columnheader').count()).toBe(9);
  });

  it('say the whole of what a cell shortens, and times as the reader likes', async () => {
    const time = rows().first().locator('.c-time');
    expect(await time.getAttribute('title')).toMatch(/^\d{4}-.* UTC.* · .* UTC$/);
    expect(await time.textContent()).toMatch(/^\d\d:\d\d:\d\d/);
    await page.getByRole('button', { name: 'Times: clock' }).click();
    await expect.poll(() => time.textContent()).toMatch(/ago$|^now$/);
    await page.reload();
    await rows().first().waitFor();
    const first = await time.textContent();
    expect(first).toMatch(/ago$|^now$/);
    await expect.poll(() => time.textContent()).not.toBe(first);
    await page.getByRole('button', { name: 'Times: ago' }).click();
    await expect.poll(() => time.textContent()).toMatch(/^\d\d:\d\d:\d\d/);
  });
});

describe('how the page looks', () => {
  const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');

  it('light or dark by choice over the system, remembered, and readable', async () => {
    expect(await background()).toBe('rgb(255, 255, 255)');
    await page.getByLabel('Theme').selectOption('Dark');
    expect(await background()).toBe('rgb(15, 18, 22)');
    expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
    await page.reload();
    await rows().first().waitFor();
    expect(await background()).toBe('rgb(15, 18, 22)');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByLabel('Theme').selectOption('Light');
    expect(await background()).toBe('rgb(255, 255, 255)');
    expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
    await page.getByLabel('Theme').selectOption('Auto');
    expect(await background()).toBe('rgb(15, 18, 22)');
  });

  it.each([
    [640, 'a screen at 200 % zoom'],
    [360, 'a phone'],
  ])('fits into %i px (%s) without scrolling sideways', async (width) => {
    await reopen({ viewport: { width, height: 740 } });
    const sideways = `document.documentElement.scrollWidth > innerWidth ||
      document.querySelector('.list').scrollWidth > document.querySelector('.list').clientWidth`;
    await expect.poll(() => page.evaluate(sideways)).toBe(false);
    expect(await rows().first().textContent()).toMatch(/10\.255\.255\./);
    expect((await rows().first().boundingBox())?.height).toBe(54);
    expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
    const place = () => page.locator('.list').evaluate((list) => list.scrollTop);
    await page.locator('.list').evaluate((list) => list.scrollTo(0, 600));
    await rows().nth(20).click();
    await detail().waitFor();
    expect((await detail().boundingBox())?.width).toBeGreaterThan(width - 20);
    await press('Escape');
    await expect.poll(() => detail().count()).toBe(0);
    expect(await place()).toBeGreaterThan(300);
  });

  it('moves nothing for whom movement makes ill', async () => {
    await reopen({ reducedMotion: 'reduce' });
    const moving = `[...document.querySelectorAll('*')].filter((element) => {
      const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element);
      return animationName !== 'none' || transitionDuration !== '0s' || scrollBehavior !== 'auto';
    }).length`;
    expect(await page.evaluate(moving)).toBe(0);
  });
});
