// The page over a record that was damaged, torn by a crash, and begun by the original: what an operator
// has to see at once, and what must not look worse than it is.

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOW_CONTRAST } from '../support/low-contrast.ts';
import { ORIGINAL_LOG } from '../support/original-log.ts';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const TOKEN = 'token-of-this-test';

let dir: TempDir;
let leash: Leash;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  dir = await tempDir();
  const logs = join(dir.path, 'logs');
  const options = { dir: dir.path, env: { LEASH_VIEWER_TOKEN: TOKEN }, policy: LOOPBACK_POLICY };
  await mkdir(logs);
  await writeFile(join(logs, 'egress.jsonl'), ORIGINAL_LOG);
  leash = await startLeash(options);
  for (const n of [1, 2, 3]) {
    await run('curl', ['-sS', '--proxy', leash.proxyUrl, `http://10.255.255.1/${n}`]);
  }
  await leash.stop();
  // Somebody hides a request, and a crash tears the last line off.
  const segment = join(logs, 'egress.1.jsonl');
  const text = await readFile(segment, 'utf8');
  await writeFile(segment, text.replace('10.255.255.1/2', '10.255.255.1/8'));
  await appendFile(segment, '{"seq":99,"prev":"');
  leash = await startLeash(options);
  browser = await startBrowser();
  page = await open('light');
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
  await dir?.close();
});

async function open(colorScheme: 'light' | 'dark'): Promise<Page> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 } });
  const fresh = await context.newPage();
  await fresh.goto(`${leash.viewerUrl}/#token=${TOKEN}`);
  await fresh.locator('tbody tr').first().waitFor();
  await fresh.locator('.strip.damage').waitFor();
  return fresh;
}

const row = (text: string) => page.locator('tbody tr', { hasText: text });

describe('a damaged record', () => {
  it('is named in red on top of the page, with file, record, byte and what to do', async () => {
    const banner = page.getByRole('alert');
    expect(await banner.textContent()).toMatch(
      /The record is damaged: egress\.1\.jsonl, record \d+, byte \d+\. .*leashctl verify/,
    );
    expect(await banner.locator('svg').count()).toBe(1);
    const lines = (await readFile(leash.logPath, 'utf8')).trim().split('\n');
    const finding = lines
      .map((line) => JSON.parse(line))
      .find(({ reason }) => reason === 'damaged');
    expect(await banner.textContent()).toContain(
      `record ${finding.last_seq + 1}, byte ${finding.offset}`,
    );
    const color = await page.evaluate('getComputedStyle(document.querySelector(".damage")).color');
    expect(color).toBe('rgb(179, 35, 27)');
  });

  it('has a row of its own kind, which can be opened and filtered by', async () => {
    const damaged = row('is damaged behind record');
    expect(await damaged.getAttribute('class')).toContain('k-damaged');
    expect(await damaged.locator('.c-class').textContent()).toBe('Damaged');
    await damaged.click();
    await page.getByText('The record itself is not what was written').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Decision').selectOption('Events of leash');
    await damaged.waitFor();
    await page.getByLabel('Decision').selectOption('');
  });

  it('does not make red what a crash left: a torn line is amber', async () => {
    const strip = page.locator('.strip', { hasText: 'half written' });
    expect(await strip.textContent()).toMatch(/After a crash .* the last line of egress\.1\.jsonl/);
    expect(await strip.getAttribute('class')).toBe('strip warn');
    expect(await row('ended in half a record').getAttribute('class')).toBe('k-event torn');
  });
});

describe('the file of the original', () => {
  it('is in the list, each row marked as not chained, and none of leash', async () => {
    const old = row('old.test');
    await old.nth(1).waitFor();
    expect(await old.locator('.mark').allInnerTexts()).toEqual(['not chained', 'not chained']);
    expect(await page.locator('tbody .mark').count()).toBe(3);
    const address = old.first().getByRole('gridcell').filter({ hasText: 'not chained' });
    expect(await address.getAttribute('title')).toMatch(/no hash links/);
  });

  it('says so in the detail, with headers and bodies as they were', async () => {
    await row('api.old.test').click();
    const detail = page.getByRole('complementary', { name: 'Record' });
    await detail.getByText('Not chained.').waitFor();
    const text = await detail.textContent();
    expect(text).toContain('"ask": "café"');
    expect(text).toContain('"answer": "old"');
    expect(text).not.toContain('sk-old');
    expect(text).not.toContain('parts of it may be missing');
  });
});

describe('the themes', () => {
  it.each(['light', 'dark'] as const)('%s: every text can be read', async (scheme) => {
    const fresh = await open(scheme);
    await fresh.locator('tbody tr', { hasText: 'is damaged behind record' }).click();
    await fresh.getByText('The record itself is not what was written').waitFor();
    expect(await fresh.evaluate(LOW_CONTRAST)).toEqual([]);
  });
});
