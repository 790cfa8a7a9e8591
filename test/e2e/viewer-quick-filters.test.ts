// The controls beside the query box in a real browser, over a real leash with real requests: by their
// labels, and by the rows that are left.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';

const TOKEN = 'token-of-this-test';

let origin: Origin;
let leash: Leash;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  origin = await startOrigin({
    tls: { names: ['localhost'] },
    handler(request, response) {
      request.resume().on('end', () => response.end('answer\n'));
    },
  });
  const allow = [
    { host: 'localhost', ports: [origin.port], paths: [{ method: 'GET', prefix: '/listed' }] },
  ];
  const policy = {
    mode: 'enforce\n',
    'enforce.yaml': { allow },
    'network.yaml': { allow_private: ['127.0.0.0/8', '::1/128'] },
  };
  const env = { LEASH_UPSTREAM_CA: origin.caFile, LEASH_VIEWER_TOKEN: TOKEN };
  leash = await startLeash({ env, policy });
  browser = await startBrowser();
  // No name is looked up for what is blocked.
  await curl('127.0.0.1', 'http://outside.example/blocked');
  await leash.writePolicy({ mode: 'audit\n' });
  await leash.waitForRecords(({ event }) => event === 'mode_change');
  await curl('127.0.0.1', `https://localhost:${origin.port}/listed`);
  await curl('127.0.0.2', `https://localhost:${origin.port}/other`);
  await leash.waitForRecords(({ url, status }) => `${url} ${status}`.endsWith('/other 200'));
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
  await origin?.close();
});
beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await context.newPage();
  await page.goto(`${leash.viewerUrl}/#token=${TOKEN}`);
  await rowsAre('/other', '/listed', '/blocked');
});
afterEach(() => page.context().close());

const curl = (from: string, url: string) =>
  run('curl', [
    ...['-sS', '--interface', from, '--proxy', leash.proxyUrl, '--cacert', leash.caFile],
    url,
  ]);
const q = () => new URL(page.url()).searchParams.get('q') ?? '';

/** The requests that are listed, newest first; beside them stand events of leash. */
function rowsAre(...paths: string[]) {
  const listed = async () => {
    const cells = await page.locator('.log tbody tr .c-url').allInnerTexts();
    return cells.flatMap((cell) => /\/(?:listed|other|blocked)/.exec(cell) ?? []);
  };
  return expect.poll(listed, { timeout: 10_000 }).toEqual(paths);
}

describe('the quick filters', () => {
  it('Would block in enforce leaves what passes now and would not', async () => {
    const toggle = page.getByLabel('Would block in enforce');
    await toggle.check();
    await rowsAre('/other');
    expect(q()).toBe('class:would_block');
    await toggle.uncheck();
    await rowsAre('/other', '/listed', '/blocked');
    expect(q()).toBe('');
  });

  it('Internet only leaves out what is on this machine or network', async () => {
    const toggle = page.getByLabel('Internet only');
    await toggle.check();
    await rowsAre('/blocked');
    await page.reload();
    await rowsAre('/blocked');
    expect(await toggle.isChecked()).toBe(true);
    await toggle.uncheck();
    await rowsAre('/other', '/listed', '/blocked');
  });

  it('the list of clients has each with the number of its requests, and filters for one', async () => {
    const clients = page.getByLabel('Client', { exact: true });
    await expect
      .poll(() => clients.locator('option').allInnerTexts(), { timeout: 10_000 })
      .toEqual(['All clients', '127.0.0.1 · 2', '127.0.0.2 · 1']);
    await clients.selectOption('127.0.0.2');
    await rowsAre('/other');
    expect(q()).toBe('client:127.0.0.2');
    await clients.selectOption('');
    await rowsAre('/other', '/listed', '/blocked');
  });
});
