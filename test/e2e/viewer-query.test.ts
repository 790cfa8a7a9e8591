// The query box, the facets and the histogram in a real browser, over a real leash with real requests.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { LOW_CONTRAST } from '../support/low-contrast.ts';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';

const TOKEN = 'token-of-this-test';

let origin: Origin;
let leash: Leash;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  origin = await startOrigin({
    tls: { names: ['localhost'] },
    handler(request, response) {
      request.resume().on('end', () => {
        response.writeHead(request.url?.startsWith('/found') ? 200 : 404);
        response.end('answer\n');
      });
    },
  });
  const env = { LEASH_UPSTREAM_CA: origin.caFile, LEASH_VIEWER_TOKEN: TOKEN };
  leash = await startLeash({ env, policy: LOOPBACK_POLICY });
  browser = await startBrowser();
  const url = (path: string) => `https://localhost:${origin.port}${path}`;
  await curl(url('/found?[1-5]'));
  await curl('-d', 'a=1', url('/found?post=[1-2]'));
  await curl(url('/missing'));
  await curl('http://10.255.255.1/inside');
  await leash.waitForRecords((record) => record.event === 'blocked');
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
  await origin?.close();
});
beforeEach(async () => {
  faults = [];
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('401')) faults.push(message.text());
  });
});
afterEach(async () => {
  await page.context().close();
  expect(faults).toEqual([]);
});

const curl = (...args: string[]) =>
  run('curl', ['-sS', '--proxy', leash.proxyUrl, '--cacert', leash.caFile, ...args]);
const rows = () => page.locator('.log tbody tr');
const box = () => page.getByRole('combobox', { name: 'Search the log' });
const chips = () => page.getByRole('list', { name: 'Terms of the search' }).getByRole('listitem');
const options = () =>
  page.getByRole('listbox', { name: 'What can stand here' }).getByRole('option');
const facet = (field: string) => page.getByRole('list', { name: `Values of ${field}` });
const plot = () => page.getByRole('slider', { name: 'Range of time' });
/** The query that a link to this page holds. */
const q = () => new URL(page.url()).searchParams.get('q') ?? '';

async function open(query = ''): Promise<void> {
  const search = query === '' ? '' : `?q=${encodeURIComponent(query)}`;
  await page.goto(`${leash.viewerUrl}/${search}#token=${TOKEN}`);
  await rows().first().waitFor();
}

describe('the chips', () => {
  it('show each term, turn it round, edit it and take it out', async () => {
    await open('host:localhost -method:POST found');
    await expect.poll(() => rows().count()).toBe(5);
    expect(await chips().allInnerTexts()).toEqual([
      expect.stringMatching(/^host\s*is\s*localhost/),
      expect.stringMatching(/^method\s*is not\s*POST/),
      expect.stringMatching(/^has\s*found/),
    ]);
    await page.getByRole('button', { name: 'Ask for -method:POST' }).click();
    await expect.poll(q).toBe('host:localhost method:POST found');
    await expect.poll(() => rows().count()).toBe(2);
    await page.getByRole('button', { name: 'Edit host:localhost' }).click();
    expect(await page.evaluate('getSelection().toString()')).toBe('host:localhost');
    await page.getByRole('button', { name: 'Remove method:POST' }).click();
    await expect.poll(q).toBe('host:localhost found');
    await page.goBack();
    await expect.poll(() => box().inputValue()).toBe('host:localhost method:POST found');
    await expect.poll(() => rows().count()).toBe(2);
  });
});

describe('the completion', () => {
  it('offers fields, then values with their numbers, by key', async () => {
    await open();
    await page.keyboard.press('/');
    await page.keyboard.type('met');
    await options().first().waitFor();
    expect(await options().allInnerTexts()).toEqual([expect.stringMatching(/^method:\s+takes/)]);
    expect(await box().getAttribute('aria-expanded')).toBe('true');
    await page.keyboard.press('Tab');
    expect(await box().inputValue()).toBe('method:');
    await expect
      .poll(() => options().allInnerTexts())
      .toEqual([expect.stringMatching(/^GET\s+7$/), expect.stringMatching(/^POST\s+2$/)]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const active = await box().getAttribute('aria-activedescendant');
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('Enter');
    await expect.poll(q).toBe('method:POST');
    await expect.poll(() => rows().count()).toBe(2);
    expect(await box().getAttribute('aria-expanded')).toBe('false');
  });

  it('Escape closes the list first, and leaves the box then', async () => {
    await open();
    await box().fill('ho');
    await options().first().waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => options().count()).toBe(0);
    expect(await box().evaluate('document.activeElement.id')).toBe('query');
    await page.keyboard.press('Escape');
    expect(await box().evaluate('document.activeElement.id')).toBe('');
  });

  it('offers the last queries in the empty box, and forgets them when asked', async () => {
    await open();
    await box().fill('status:404');
    await page.keyboard.press('Enter');
    await expect.poll(() => rows().count()).toBe(1);
    await page.getByRole('button', { name: 'Empty the search' }).click();
    await page.reload();
    await box().focus();
    await options().filter({ hasText: 'status:404' }).click();
    await expect.poll(q).toBe('status:404');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Forget them' }).click();
    await page.getByLabel('Name of the view').fill('not found');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('localStorage.getItem("leash.queries")')).toBe('[]');
    await page.getByRole('button', { name: 'Remove the view not found' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Empty the search' }).click();
    await options().first().waitFor();
    expect(await options().allInnerTexts()).toEqual([
      expect.stringMatching(/^not found\s+status:404$/),
    ]);
  });

  it('takes nothing from storage that another program wrote', async () => {
    await open();
    await page.evaluate(
      `localStorage.setItem('leash.queries', '{"a":'); localStorage.setItem('leash.views', '[{"name":7}]')`,
    );
    await page.reload();
    await box().focus();
    await page.keyboard.press('ArrowDown');
    expect(await box().getAttribute('aria-expanded')).toBe('false');
  });
});

describe('what is typed', () => {
  it('holds beside what is chosen before it was searched', async () => {
    await open();
    await box().fill('localhost');
    await page.getByLabel('Decision').selectOption('blocked');
    await expect.poll(q).toBe('localhost class:blocked');
    await page.getByText('Nothing matches').waitFor();
    expect(await box().inputValue()).toBe('localhost class:blocked');
  });

  it('that is no query is marked where it is wrong, and the last rows stay', async () => {
    await open('found');
    await box().fill('found status:abc');
    const problem = page.locator('#query-problem');
    await problem.getByText('takes 200, 4xx or >=400').waitFor();
    expect(await problem.locator('mark').textContent()).toBe('status:abc');
    expect(q()).toBe('found');
    expect(await rows().count()).toBe(7);
    await page.getByLabel('Internet only').check();
    await expect.poll(q).toBe('found is:internet');
    expect(await box().inputValue()).toBe('found status:abc is:internet');
    expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
  });

  it('that names no field is searched as text, and said to be', async () => {
    await open();
    await box().fill('stauts:200');
    await page.getByText('There is no field "stauts"').waitFor();
    await page.getByText('Nothing matches').waitFor();
  });
});

describe('a search that takes long', () => {
  it('says so, and ends when it is stopped', async () => {
    await open();
    const answered = deferred<void>();
    await page.route('**/api/logs?*', async (route) => {
      await answered.promise;
      await route.continue();
    });
    await box().fill('found');
    await page.getByRole('progressbar', { name: 'Searching the log' }).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    answered.resolve();
    await expect.poll(() => page.getByRole('progressbar').count()).toBe(0);
    await expect.poll(() => rows().count()).toBe(7);
  });
});

describe('the facets', () => {
  it('count values, filter for them and filter them out, and Back undoes it', async () => {
    await open();
    await expect
      .poll(() => facet('method').getByRole('listitem').allInnerTexts())
      .toEqual([expect.stringMatching(/^GET\s+7/), expect.stringMatching(/^POST\s+2/)]);
    await facet('method')
      .getByRole('button', { name: /POST 2$/ })
      .click();
    await expect.poll(q).toBe('method:POST');
    await expect.poll(() => rows().count()).toBe(2);
    // The other values of the field stay: the reader may want both.
    await facet('method')
      .getByRole('button', { name: /GET 7$/ })
      .click({ modifiers: ['Alt'] });
    await expect.poll(q).toBe('method:POST -method:GET');
    await page.goBack();
    await expect.poll(q).toBe('method:POST');
    await page.goBack();
    await expect.poll(q).toBe('');
    await facet('class')
      .getByRole('button', { name: /^Blocked/ })
      .focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expect.poll(q).toBe('-class:blocked');
    await facet('class').getByText('not Blocked').waitFor();
  });

  it('remember what is folded, and lie behind a button in a narrow window', async () => {
    await open();
    await page.getByRole('button', { name: 'method', exact: true }).click();
    await page.reload();
    await facet('host').waitFor();
    expect(await facet('method').count()).toBe(0);
    await page.setViewportSize({ width: 800, height: 700 });
    await expect.poll(() => facet('host').count()).toBe(0);
    await page.getByRole('button', { name: 'Facets' }).click();
    await facet('host').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});

describe('the histogram', () => {
  it('sets the range that is dragged over, and gives it back', async () => {
    await open();
    await expect.poll(() => page.locator('.plot rect[fill]').count()).toBeGreaterThan(0);
    const all = await rows().count();
    const bars = await page.locator('.plot svg > rect[fill]').all();
    const last = await bars.at(-1)?.boundingBox();
    const area = await plot().boundingBox();
    if (!last || !area) throw new Error('nothing is drawn');
    await page.mouse.move(last.x + last.width / 2, area.y + 20);
    await page.mouse.down();
    await page.mouse.move(area.x + area.width - 1, area.y + 20, { steps: 5 });
    await page.mouse.up();
    await expect.poll(q).toMatch(/^since:\d{4}-\d\d-\d\dT[\d:.]+Z until:\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    await rows().first().waitFor();
    await expect.poll(() => rows().count()).toBeLessThan(all);
    await page.getByRole('button', { name: 'Whole time' }).click();
    await expect.poll(q).toBe('');
  });

  it('chooses by key, and says in words what is chosen', async () => {
    await open('inside');
    await expect.poll(() => page.locator('.plot svg > rect[fill]').count()).toBe(1);
    await plot().focus();
    await page.keyboard.press('Home');
    expect(await plot().getAttribute('aria-valuenow')).toBe('0');
    await page.keyboard.press('Shift+End');
    await expect
      .poll(() => plot().getAttribute('aria-valuetext'))
      .toMatch(/· 1 record: 1 blocked$/);
    expect(await page.locator('[aria-selected="true"]').count()).toBe(0);
    await page.keyboard.press('Enter');
    await expect.poll(q).toMatch(/^inside since:\S+ until:\S+$/);
    await expect.poll(() => rows().count()).toBe(1);
    await page.keyboard.press('Escape');
    await expect.poll(q).toBe('inside');
    const table = page.getByRole('table', { name: 'Records by time' });
    expect(await table.locator('td').allInnerTexts()).toEqual(['1 record: 1 blocked']);
  });
});
