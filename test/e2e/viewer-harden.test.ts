// Allowing, blocking and hardening from the page, in a real browser, over a leash with real requests:
// what is clicked is in force for the next request, on the record, and can be taken back.

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ENFORCE,
  editByHand,
  type HardenSite,
  startHardenSite,
  VIEWER_TOKEN,
} from '../support/harden-site.ts';
import { LOW_CONTRAST } from '../support/low-contrast.ts';
import { startBrowser } from '../support/start-browser.ts';

let site: HardenSite;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  site = await startHardenSite();
  browser = await startBrowser();
  for (const n of [1, 2, 3])
    await site.ask('builder', site.urlOf('api.shop.test', `/v1/orders/${n}`));
  await site.ask('tester', site.urlOf('cdn.shop.test', '/assets/app.js'));
  await site.ask('tester', site.urlOf('other.test', '/gone/1'), '-d', 'sent');
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
  page.on('console', (message) => {
    if (message.type() === 'error' && !/40[01]|412/.test(message.text()))
      faults.push(message.text());
  });
});
afterEach(async () => {
  await page.context().close();
  expect(faults).toEqual([]);
});

const dialog = () => page.getByRole('dialog');
const toast = () => page.locator('.toast');
const effect = () => dialog().getByLabel('Effect');
const button = (name: string, inside: Page | Locator = page) =>
  inside.getByRole('button', { name, exact: true });

async function open(mode: string, view = ''): Promise<void> {
  await site.reset(mode);
  await page.goto(`${site.leash.viewerUrl}/${view}#token=${VIEWER_TOKEN}`);
  await page.getByLabel('Mode').waitFor();
}

async function openDetail(text: string): Promise<void> {
  await page.locator('tbody tr', { hasText: text }).first().click();
  await button('Allow…').waitFor();
}

/** The newest change of the policy on the record. */
async function lastChange(event = 'policy_change') {
  return (await site.leash.records()).filter((record) => record.event === event).at(-1);
}

describe('Manage Access', () => {
  it('allows exactly a path prefix, and the next request passes, on the record with actor and diff', async () => {
    const url = site.urlOf('api.shop.test', '/v1/orders/9');
    await open('enforce');
    expect(await site.ask('builder', url)).toBe('000');
    await openDetail('/v1/orders/2');
    await button('Allow…').click();
    await page.getByLabel('Path').selectOption('/v1/orders/');
    await effect().getByText('Would have allowed').waitFor();
    await dialog().locator('.diff .added').filter({ hasText: 'prefix: /v1/orders/' }).waitFor();
    await button('Allow', dialog()).click();
    await toast().getByText('In force at all workers').waitFor();
    expect(await site.ask('builder', url)).toBe('200');
    expect(await site.ask('builder', site.urlOf('api.shop.test', '/v2/orders'))).toBe('403');
    expect(await lastChange()).toMatchObject({
      file: 'enforce.yaml',
      actor: 'viewer 127.0.0.1',
      diff: expect.arrayContaining(['+   - host: api.shop.test']),
    });
    const text = await site.enforceText();
    expect(text.startsWith(ENFORCE)).toBe(true);
  });

  it('undo gives the file back byte for byte, and the request is blocked again', async () => {
    await open('enforce');
    await openDetail('/assets/app.js');
    await button('Allow…').click();
    await button('Allow', dialog()).click();
    await button('Undo', toast()).waitFor();
    expect(await site.ask('tester', site.urlOf('cdn.shop.test', '/x'))).toBe('200');
    await button('Undo', toast()).click();
    await toast().getByText('Undone').waitFor();
    expect(await site.enforceText()).toBe(ENFORCE);
    expect(await site.ask('tester', site.urlOf('cdn.shop.test', '/x'))).toBe('000');
  });

  it('allows one agent for a while: others are refused, and the Policy page ends it', async () => {
    await open('enforce');
    await openDetail('/v1/orders/2');
    await button('Allow…').click();
    await page.getByLabel('only agent builder').check();
    await page.getByLabel('Ends').selectOption('1');
    await page.getByRole('textbox', { name: 'Reason' }).fill('deploy of today');
    await dialog().locator('.diff .added').filter({ hasText: 'reason: deploy of today' }).waitFor();
    await button('Allow', dialog()).click();
    await toast().getByText('In force').waitFor();
    const url = site.urlOf('api.shop.test', '/');
    expect([await site.ask('builder', url), await site.ask('tester', url)]).toEqual(['200', '000']);
    await page.getByRole('link', { name: 'Policy' }).click();
    const grant = page.getByRole('region', { name: 'Grants' }).getByRole('listitem');
    expect(await grant.textContent()).toMatch(/api\.shop\.test[\s\S]*(1 h|59 min|60 min) left/);
    await button('End now…', grant).click();
    await button('Remove', dialog()).click();
    await toast().getByText('Removed api.shop.test').waitFor();
    expect(await site.enforceText()).toBe(ENFORCE);
    expect(await site.ask('builder', url)).toBe('000');
  });

  it('blocks in blocklist mode, and removes exactly the entry that decides', async () => {
    await open('blocklist');
    const url = site.urlOf('other.test', '/gone/1');
    expect(await site.ask('tester', url)).toBe('404');
    await openDetail('/gone/1');
    await button('Block…').click();
    await effect().getByText('Would have blocked').waitFor();
    await button('Block', dialog()).click();
    await toast().getByText('In force').waitFor();
    expect(await site.ask('tester', url)).toBe('000');
    const manage = page.getByRole('region', { name: 'Manage access' });
    await manage.getByText(/blocklist\.yaml:\d+ other\.test/).waitFor();
    await button('Remove…', manage).click();
    await button('Remove', dialog()).click();
    await toast().getByText('Removed other.test').waitFor();
    expect(await site.ask('tester', url)).toBe('404');
  });

  it('is refused with a message when the file was edited meanwhile, and nothing is lost', async () => {
    await open('enforce');
    await openDetail('/assets/app.js');
    await button('Allow…').click();
    await effect().waitFor();
    const byHand = `${ENFORCE}  - by-hand.test\n`;
    await editByHand(site, byHand);
    await button('Allow', dialog()).click();
    await dialog().getByRole('alert').getByText('it changed meanwhile').waitFor();
    expect(await site.enforceText()).toBe(byHand);
    await button('Look again', dialog()).click();
    await dialog().locator('.diff').getByText('by-hand.test').waitFor();
    await expect.poll(() => button('Allow', dialog()).isEnabled()).toBe(true);
    await expect.poll(async () => (await lastChange())?.diff).toEqual(['+   - by-hand.test']);
    await button('Allow', dialog()).click();
    await toast().getByText('In force').waitFor();
    expect((await site.enforceText()).startsWith(byHand)).toBe(true);
  });
});

describe('the mode switch', () => {
  it('asks before it loosens, with what would pass then, and tightens at once', async () => {
    await open('enforce');
    const url = site.urlOf('other.test', '/x');
    const select = page.getByLabel('Mode');
    await select.selectOption('audit');
    await dialog().getByText('Everything will pass').waitFor();
    await effect().getByText('Would have allowed').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog().count()).toBe(0);
    expect(await select.inputValue()).toBe('enforce');
    expect(await site.ask('tester', url)).toBe('000');
    await select.selectOption('audit');
    await button('Switch to audit').click();
    await toast().getByText('Mode audit. In force at all workers.').waitFor();
    expect(await site.ask('tester', url)).toBe('200');
    await page.getByText('Audit mode: no rule blocks').waitFor();
    await select.selectOption('enforce');
    await toast().getByText('Mode enforce. In force at all workers.').waitFor();
    expect(await dialog().count()).toBe(0);
    expect(await lastChange('mode_change')).toMatchObject({
      previous: 'audit',
      mode: 'enforce',
      actor: 'viewer 127.0.0.1',
    });
    await button('Undo', toast()).click();
    await expect.poll(() => select.inputValue()).toBe('audit');
  });
});

describe('the Harden page', () => {
  it('allows several groups in one change, and its trial counts what the log says', async () => {
    await open('audit', '?view=harden');
    const rows = page.locator('.backlog tbody tr:not(.host-row)');
    await rows.filter({ hasText: 'GET /v1/orders/' }).waitFor();
    await page.getByLabel('Select GET /v1/orders/… of api.shop.test').check();
    await page.getByLabel('Select POST /gone/… of other.test').check();
    await button('Allow selected…').click();
    await effect().waitFor();
    // A tunnel that was refused would be opened too: what is inside it nobody knows.
    const counted = (await site.leash.records()).filter(({ event, host, url, method }) =>
      event === 'allowed'
        ? (host === 'api.shop.test' && method === 'GET' && /\/v1\/orders\//.test(`${url}`)) ||
          (host === 'other.test' && method === 'POST' && /\/gone\//.test(`${url}`))
        : event === 'blocked' && method === 'CONNECT' && host !== 'cdn.shop.test',
    );
    expect(counted.length).toBeGreaterThanOrEqual(4);
    expect(await effect().textContent()).toContain(
      `Would have allowed ${counted.length} requests of 2 agents to 2 hosts in 7 d`,
    );
    await button('Allow', dialog()).click();
    await toast().getByText('Allowed 2 groups').waitFor();
    await expect.poll(() => rows.filter({ hasText: 'GET /v1/orders/' }).count()).toBe(0);
    await page.getByLabel('Mode').selectOption('enforce');
    await toast().getByText('Mode enforce').waitFor();
    expect(await site.ask('builder', site.urlOf('api.shop.test', '/v1/orders/77'))).toBe('200');
    expect(await site.ask('builder', site.urlOf('api.shop.test', '/v1/others'))).toBe('403');
  });

  it('remembers what is ignored, and explains a group by its requests in the log', async () => {
    await open('audit', '?view=harden');
    const row = page.locator('.backlog tr', { hasText: '/assets/app.js' });
    await button('Ignore', row).click();
    await expect.poll(() => row.count()).toBe(0);
    await page.reload();
    await page.locator('.backlog').waitFor();
    expect(await row.count()).toBe(0);
    await page.getByRole('button', { name: /^Ignored \(/ }).click();
    await button('Show again', row).click();
    await button('Back to the others').click();
    await button('Explain', row).click();
    await expect.poll(() => new URL(page.url()).searchParams.get('view')).toBeNull();
    expect(new URL(page.url()).searchParams.get('q')).toContain('host:cdn.shop.test');
    await expect
      .poll(() => page.locator('main .list tbody tr').allInnerTexts())
      .toEqual([expect.stringContaining('/assets/app.js')]);
  });
});

describe('the Policy page', () => {
  it('marks mistakes by line, saves what is valid, and shows it in the history', async () => {
    await open('enforce', '?view=policy');
    const area = page.getByLabel('Text of enforce.yaml');
    await expect.poll(() => area.inputValue()).toBe(ENFORCE);
    await area.fill(`${ENFORCE}  - Upper.test\n`);
    await button('Validate').click();
    await page.getByRole('list', { name: 'Problems' }).getByText('line 7, column 5').waitFor();
    await area.fill(`${ENFORCE}  - other.test\n`);
    await button('Save…').click();
    await dialog().locator('.diff .added').getByText('+  - other.test').waitFor();
    await button('Save', dialog()).click();
    await toast().getByText('Saved enforce.yaml').waitFor();
    expect(await site.enforceText()).toBe(`${ENFORCE}  - other.test\n`);
    const history = page.getByRole('region', { name: 'History' });
    const newest = history.getByRole('listitem').first();
    await newest.getByText('+   - other.test').waitFor();
    expect(await newest.textContent()).toContain('by viewer 127.0.0.1');
    await button('Undo the last change', history).click();
    await toast().getByText('Undone').waitFor();
    await expect.poll(() => area.inputValue()).toBe(ENFORCE);
  });

  it('does not save over what changed meanwhile', async () => {
    await open('enforce', '?view=policy');
    const area = page.getByLabel('Text of enforce.yaml');
    await expect.poll(() => area.inputValue()).toBe(ENFORCE);
    await area.fill(`${ENFORCE}  - typed.test\n`);
    const byHand = `${ENFORCE}  - by-hand.test\n`;
    await editByHand(site, byHand);
    await button('Save…').click();
    await dialog().getByRole('alert').getByText('it changed meanwhile').waitFor();
    expect(await site.enforceText()).toBe(byHand);
  });

  it.each(['light', 'dark'] as const)(
    '%s: every text can be read on its background',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await open('audit', '?view=policy');
      await page.getByRole('region', { name: 'History' }).getByRole('listitem').first().waitFor();
      expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
      await page.getByRole('link', { name: 'Harden' }).click();
      await page.locator('.backlog').waitFor();
      await page
        .getByLabel(/^Select all of/)
        .first()
        .check();
      expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
      await button('Allow selected…').click();
      await effect().waitFor();
      expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
    },
  );
});
