// The page in a real browser, over a real leash with real requests: what an operator sees and does.

import { gzipSync } from 'node:zlib';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOW_CONTRAST } from '../support/low-contrast.ts';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';

const TOKEN = 'token-of-this-test';
const SCRIPT = '<script>window.hacked=1</script>';
const IMAGE = '<img src=x onerror="window.hacked=1">';
const BIDI = 'invoice\u202efdp.exe';
const ANSWER = { id: 'msg_1', text: 'the answer', usage: { tokens: 7 } };

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
        if (request.url?.startsWith('/json')) {
          response.writeHead(200, { 'Content-Encoding': 'gzip', 'Set-Cookie': 'sid=secret-sid' });
          response.end(gzipSync(JSON.stringify(ANSWER)));
        } else if (request.url === '/stream') {
          response.write(`data: first event ${'.'.repeat(70_000)}\n\n`);
        } else if (request.url?.startsWith('/hostile')) {
          response.writeHead(200, { 'Content-Type': 'text/html', 'X-Evil': IMAGE });
          response.end(`${SCRIPT}${IMAGE}${BIDI}`);
        } else {
          response.writeHead(404, { 'Content-Type': 'text/plain' });
          response.end('nothing\n');
        }
      });
    },
  });
  const env = { LEASH_UPSTREAM_CA: origin.caFile, LEASH_VIEWER_TOKEN: TOKEN };
  leash = await startLeash({ env, policy: LOOPBACK_POLICY });
  browser = await startBrowser();
  await curl('-H', 'Authorization: Bearer sk-secret', '-d', '{"ask":[1,2]}', url('/json?n=1'));
  const hostile = ['--data-binary', `${SCRIPT}${BIDI}`, '-H', `X-Sent: ${IMAGE}`];
  await curl(...hostile, url(`/hostile?${SCRIPT}`));
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
  page = await newPage();
});
afterEach(async () => {
  await page.context().close();
  expect(faults).toEqual([]);
});

const url = (path: string) => `https://localhost:${origin.port}${path}`;
const curl = (...args: string[]) =>
  run('curl', ['-sS', '--proxy', leash.proxyUrl, '--cacert', leash.caFile, ...args]);
const rowOf = (text: string) => page.locator('tbody tr', { hasText: text });
const textOf = async (locator: Locator) => (await locator.textContent()) ?? '';
const rows = () => page.locator('tbody tr');
const detail = () => page.getByRole('complementary', { name: 'Record' });

async function newPage(colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 } });
  const fresh = await context.newPage();
  fresh.on('pageerror', (error) => faults.push(error.message));
  fresh.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  fresh.on('console', (message) => {
    // A page that is not logged in yet is told so.
    if (message.type() === 'error' && !message.text().includes('401')) faults.push(message.text());
  });
  return fresh;
}

/** Opens the page by the link that the setup prints, and waits for the list. */
async function open(search = ''): Promise<void> {
  await page.goto(`${leash.viewerUrl}/${search}#token=${TOKEN}`);
  await rows().first().waitFor();
}

describe('the list', () => {
  it('shows each request with method, address, status and size', async () => {
    await open();
    const cells = await rowOf('/json?n=1').locator('td').allInnerTexts();
    expect(cells.slice(1, 8)).toEqual([
      '127.0.0.1',
      'Would block',
      'POST',
      'localhost/json?n=1',
      String(origin.port),
      '200',
      `${gzipSync(JSON.stringify(ANSWER)).length} B`,
    ]);
    expect(await textOf(rowOf('/missing').locator('.c-status'))).toBe('404');
    expect(await textOf(rowOf('10.255.255.1'))).toMatch(/Blocked.*address_not_allowed/);
  });

  it('shows new requests by itself, and lets them wait while a record is open', async () => {
    await open();
    await curl(url('/missing?live=1'));
    await rowOf('live=1').filter({ hasText: '404' }).click();
    await curl(url('/missing?live=2'));
    const pill = page.getByRole('button', { name: '1 new' });
    await pill.waitFor();
    expect(await rowOf('live=2').count()).toBe(0);
    await pill.click();
    await rowOf('live=2').waitFor();
  });

  it('filters by text and by decision, and keeps the filter in the address', async () => {
    await open();
    const box = page.getByRole('combobox', { name: 'Search the log' });
    await box.fill('hostile');
    await expect.poll(() => rows().count()).toBe(1);
    // The box waits for the end of the word; what is chosen meanwhile holds too.
    await box.fill('');
    await page.getByLabel('Decision').selectOption('blocked');
    await expect
      .poll(() => rows().allInnerTexts())
      .toEqual([expect.stringContaining('10.255.255.1')]);
    expect(new URL(page.url()).search).toBe('?q=class%3Ablocked');
    await page.reload();
    await rows().first().waitFor();
    expect(await rows().count()).toBe(1);
    await box.fill('no record has this');
    await page.getByText('Nothing matches').waitFor();
  });
});

describe('the detail', () => {
  it('shows headers and bodies of both directions, decoded, with credentials hidden', async () => {
    await open();
    await rowOf('/json?n=1').click();
    const [request = '', response = ''] = await messages();
    expect(request).toMatch(/authorization\s+Bearer \[hidden: 9 characters\]/i);
    expect(request).toMatch(/"ask": \[ 2 items\s+1\s+2\s+\]/);
    expect(response).toMatch(/Set-Cookie\s+\[hidden: 14 characters\]/);
    expect(response).toContain('"text": "the answer"');
    expect(response).toContain('decoded from gzip');
    expect(response).toMatch(/SHA-256 of all bytes that passed, \d+ B: [0-9a-f]{64}/);
    await page.getByLabel('Hide credentials').uncheck();
    await detail().getByText('Bearer sk-secret').waitFor();
    expect((await messages())[1]).toContain('sid=secret-sid');
  });

  it('shows what has come so far of a stream that runs', async () => {
    const running = curl('-m', '8', '-N', url('/stream'));
    await leash.waitForRecords((record) => record.event === 'part');
    await open();
    await rowOf('/stream').click();
    await detail().getByText('Response', { exact: true }).waitFor();
    expect(await textOf(detail())).toMatch(/Running[\s\S]*first event \.\.\./);
    await running;
  });

  it('shows JSON as it was sent, when asked', async () => {
    await open();
    await rowOf('/json?n=1').click();
    await detail().getByRole('button', { name: 'Text' }).first().click();
    expect((await messages())[0]).toContain('{"ask":[1,2]}');
  });

  it('says why a request was blocked', async () => {
    await open();
    await rowOf('10.255.255.1').click();
    await detail().getByText('The name leads to an address that is not public').waitFor();
  });

  it('is opened by a link', async () => {
    await open();
    await rowOf('/json?n=1').click();
    await messages();
    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link);
    await detail().getByText('POST https://localhost').waitFor();
  });

  async function messages(): Promise<string[]> {
    await detail().locator('.message :is(pre, .tree)').first().waitFor();
    return detail().locator('.message').allInnerTexts();
  }
});

describe('hostile content', () => {
  it('is text in the list and in the detail, and runs nowhere', async () => {
    await open();
    expect(await textOf(rowOf('/hostile'))).toContain(`/hostile?${SCRIPT}`);
    await rowOf('/hostile').click();
    await detail().locator('.message pre').nth(1).waitFor();
    const text = await textOf(detail());
    expect(text.split(SCRIPT).length - 1).toBeGreaterThanOrEqual(3);
    expect(text.split(IMAGE).length - 1).toBe(3);
    expect(await page.locator('img, iframe, [onerror]').count()).toBe(0);
    expect(await page.evaluate('[window.hacked, document.scripts.length]')).toEqual([undefined, 1]);
  });

  it('shows characters that turn text around as escapes', async () => {
    await open();
    await rowOf('/hostile').click();
    const escapes = detail().locator('.message pre .esc');
    await escapes.nth(1).waitFor();
    expect(await escapes.allInnerTexts()).toEqual(['\\u{202e}', '\\u{202e}']);
    expect(await textOf(detail())).toContain('invoice\\u{202e}fdp.exe');
    expect(await page.content()).not.toContain('\u202e');
  });
});

describe('the keyboard', () => {
  it('searches with /, moves with j and k, closes with Escape', async () => {
    await open();
    await page.keyboard.press('/');
    await page.keyboard.type('localhost');
    await expect.poll(() => new URL(page.url()).search).toBe('?q=localhost');
    // The address changes at once, the list when its answer is there.
    await expect.poll(() => rowOf('10.255.255.1').count()).toBe(0);
    await rowOf('localhost').first().waitFor();
    await page.keyboard.press('Escape');
    const times = () => rows().locator('.c-time').allInnerTexts();
    const selected = () => page.locator('[aria-selected="true"] .c-time').allInnerTexts();
    const [first, second] = await times();
    await page.keyboard.press('j');
    await expect.poll(selected).toEqual([first]);
    await detail().waitFor();
    await page.keyboard.press('j');
    await expect.poll(selected).toEqual([second]);
    await page.keyboard.press('k');
    await expect.poll(selected).toEqual([first]);
    await page.keyboard.press('Escape');
    await expect.poll(() => detail().count()).toBe(0);
  });

  it('reaches and opens a row by Tab and Enter', async () => {
    await open();
    await rows().first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await detail().waitFor();
    expect(await rows().nth(1).getAttribute('aria-selected')).toBe('true');
  });
});

describe('the login', () => {
  it('asks for the token, refuses a wrong one, and remembers the right one', async () => {
    await page.goto(leash.viewerUrl);
    const field = page.getByLabel('Token of this viewer');
    await field.fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('wrong token').waitFor();
    expect(await rows().count()).toBe(0);
    await field.fill(TOKEN);
    await page.getByRole('button', { name: 'Log in' }).click();
    await rows().first().waitFor();
    await page.reload();
    await rows().first().waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: 'leash_session', httpOnly: true, sameSite: 'Strict' });
    expect(cookie?.value).not.toContain(TOKEN);
  });

  it('takes the token from a link and out of the address', async () => {
    await open();
    expect(page.url()).toBe(`${leash.viewerUrl}/`);
    expect(await page.evaluate('document.cookie')).toBe('');
  });
});

describe('the themes', () => {
  it.each(['light', 'dark'] as const)(
    '%s: every text can be read on its background',
    async (scheme) => {
      await page.context().close();
      page = await newPage(scheme);
      await open();
      await rowOf('/hostile').click();
      await detail().locator('.message pre').nth(1).waitFor();
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(15, 18, 22)',
      );
      expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
    },
  );
});
