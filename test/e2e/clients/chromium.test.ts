// A real browser through leash: a page with its assets, trusted by the store that people use.

import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { trustInBrowser } from '../../support/clients/browser-trust.ts';
import { fileRoutes } from '../../support/clients/file-routes.ts';
import { hashOfFile } from '../../support/clients/hash.ts';
import { makePage, type Page } from '../../support/clients/make-page.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { startBrowser } from '../../support/start-browser.ts';

let stage: Stage;
let page: Page;
let browser: Browser;

beforeAll(async () => {
  stage = await startStage({ http2: true, handler: (dir) => fileRoutes(join(dir, 'site')) });
  page = await makePage(join(stage.dir, 'site'));
  await trustInBrowser(stage);
  browser = await startBrowser({ proxy: { server: stage.leash.proxyUrl }, home: stage.home });
});
afterAll(async () => {
  await browser.close();
  await stage.close();
});

it('Chromium loads a page with twenty assets, and each is on the record', async () => {
  const tab = await browser.newPage();
  const failed: string[] = [];
  tab.on('requestfailed', (request) => failed.push(request.url()));
  await tab.goto(`${stage.url}/`);
  await tab.waitForFunction(`document.title === '${page.title}'`);
  expect(failed).toEqual([]);
  await tab.close();

  for (const path of page.paths) {
    const file = join(stage.dir, 'site', path === '/' ? 'index.html' : path);
    expect(await stage.outcome(`${stage.url}${path}`)).toMatchObject({
      event: 'allowed',
      method: 'GET',
      status: 200,
      bytes: (await stat(file)).size,
      res_sha256: await hashOfFile(file),
    });
  }
});

it('Chromium loads all of it over one connection of HTTP/2', async () => {
  const before = stage.origin.requests.length;
  await stage.mark();
  const tab = await browser.newPage();
  await tab.goto(`${stage.url}/?chromium=http2`);
  await tab.waitForFunction(`document.title === '${page.title}'`);
  const protocols: string[] = await tab.evaluate(
    `performance.getEntries().map((entry) => entry.nextHopProtocol).filter(Boolean)`,
  );
  await tab.close();
  expect(protocols).toHaveLength(page.paths.length);
  expect(new Set(protocols)).toEqual(new Set(['h2']));
  const [, ...assets] = page.paths.map((path) => `${stage.url}${path}`);
  const outcomes = await Promise.all(
    [`${stage.url}/?chromium=http2`, ...assets].map((url) => stage.outcome(url)),
  );
  expect(new Set(outcomes.map(({ proto }) => proto))).toEqual(new Set(['h2']));
  expect(new Set(outcomes.map(({ tunnel }) => tunnel)).size).toBe(1);
  const versions = stage.origin.requests.slice(before).map(({ httpVersion }) => httpVersion);
  expect(new Set(versions)).toEqual(new Set(['2.0']));
});

it('Chromium without the CA in its store asks for nothing', async () => {
  const home = join(stage.dir, 'home-without-trust');
  await mkdir(home);
  const other = await startBrowser({ proxy: { server: stage.leash.proxyUrl }, home });
  try {
    const tab = await other.newPage();
    const url = `${stage.url}/?chromium=untrusting`;
    await expect(tab.goto(url)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
    expect(stage.origin.requests.filter((seen) => url.endsWith(seen.url))).toEqual([]);
  } finally {
    await other.close();
  }
});
