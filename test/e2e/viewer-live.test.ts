// The list while requests come in, and over a long log: nothing jumps, nothing is lost, and the page
// holds a bounded part of it. A real browser, a real leash, real requests.

import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { logLine } from '../support/log-line.ts';
import { run } from '../support/run-client.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const TOKEN = 'token-of-this-test';
/** Written by the test in front of what leash writes: 0 is the segment of the original's file. */
const OLD_ROWS = 120_000;
const ROW_PX = 30;

let dir: TempDir;
let leash: Leash;
let browser: Browser;
let page: Page;
let faults: string[];

beforeAll(async () => {
  dir = await tempDir();
  await mkdir(join(dir.path, 'logs'));
  const path = join(dir.path, 'logs', 'egress.jsonl');
  for (let from = 0; from < OLD_ROWS; from += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, n) => oldLine(from + n));
    await appendFile(path, lines.join(''));
  }
  const env = { LEASH_VIEWER_TOKEN: TOKEN };
  leash = await startLeash({ dir: dir.path, env, policy: LOOPBACK_POLICY });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
  await dir?.close();
});
beforeEach(async () => {
  faults = [];
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('401')) faults.push(message.text());
  });
});
afterEach(async () => {
  await page.context().close();
  expect(faults).toEqual([]);
});

function oldLine(n: number): string {
  const url = `https://old.test/row/${n}/`;
  const fields = {
    client: '10.0.0.1',
    host: 'old.test',
    port: 443,
    method: 'GET',
    url,
    status: 200,
  };
  const ts = 1_700_000_000 + n;
  return `${logLine({ event: 'allowed', seq: n + 1, ts, id: `o${n}`, ...fields })}\n`;
}

/** A request that leash refuses, and records. */
const blocked = (name: string) =>
  run('curl', ['-sS', '--proxy', leash.proxyUrl, `http://10.255.255.1/${name}`]);
const rows = () => page.locator('tbody tr');
const rowOf = (text: string) => page.locator('tbody tr', { hasText: text });
const scroll = (px: number) =>
  page.locator('.list').evaluate((list, by) => list.scrollBy(0, by), px);
const offsetOf = async (text: string) => (await rowOf(text).boundingBox())?.y;

async function open(search = ''): Promise<void> {
  await page.goto(`${leash.viewerUrl}/${search}#token=${TOKEN}`);
  await rows().first().waitFor();
}

/**
 * Numbers of the old rows that are drawn, from top to bottom; then scrolls on, and waits until what is
 * there is drawn. All in one look: rows that were drawn a moment ago have no place any more.
 */
async function drawnNumbers(scrollBy = 0): Promise<number[]> {
  const found = await page.locator('.list').evaluate(async (list, by) => {
    const texts = [...list.querySelectorAll('tbody tr')]
      .map((row) => ({ y: row.getBoundingClientRect().y, text: row.textContent ?? '' }))
      .sort((one, other) => one.y - other.y)
      .map(({ text }) => text);
    const scrolled = new Promise((resolve) => {
      list.addEventListener('scroll', resolve, { once: true });
      // At its end it does not scroll.
      setTimeout(resolve, 200);
    });
    const before = list.scrollTop;
    list.scrollBy(0, by);
    if (list.scrollTop !== before) await scrolled;
    // Two frames: the first may be under way already.
    await new Promise((resolve) => setTimeout(resolve, 34));
    return texts;
  }, scrollBy);
  return found.flatMap((text) => /row\/(\d+)/.exec(text)?.[1] ?? []).map(Number);
}

describe('new rows', () => {
  it('come within a moment, without being asked for', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await open();
    await page.waitForFunction('performance.getEntriesByType("resource").length > 0');
    await blocked('quick');
    const written = Date.now();
    await rowOf('10.255.255.1/quick').or(rowOf('/quick')).first().waitFor();
    expect(Date.now() - written).toBeLessThan(1500);
    // What was asked for stands in the message of one that fails.
    const of = (path: string) => asked.filter((url) => new URL(url).pathname === path);
    expect(of('/api/stream')).toEqual([expect.anything()]);
    expect(of('/api/logs')).toEqual([expect.anything()]);
  });

  it('wait while the list is paused, and are there when it goes on', async () => {
    await open();
    await page.keyboard.press('Space');
    await page.getByText('Paused: new rows wait').waitFor();
    await blocked('paused-1');
    await page.getByRole('button', { name: '1 new' }).waitFor();
    expect(await rowOf('paused-1').count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await rowOf('paused-1').waitFor();
    expect(await page.getByRole('button', { name: /new$/ }).count()).toBe(0);
  });

  it('wait while the reader is further down, whose rows do not move', async () => {
    await open();
    await scroll(2000);
    // What stands above the list has come, too.
    await page.locator('.ticks span').first().waitFor();
    await page.locator('.strips').waitFor();
    await expect.poll(() => page.locator('[data-facet]').count()).toBeGreaterThan(0);
    const [, , , anchor] = await drawnNumbers();
    const before = await offsetOf(`row/${anchor}/`);
    await blocked('away-1');
    await blocked('away-2');
    const pill = page.getByRole('button', { name: '2 new' });
    await pill.waitFor();
    expect(await offsetOf(`row/${anchor}/`)).toBe(before);
    await pill.click();
    await rowOf('away-2').waitFor();
    expect(await page.locator('.list').evaluate((list) => list.scrollTop)).toBe(0);
  });

  it('come by asking where the stream cannot be had', async () => {
    await page.route('**/api/stream*', (route) => route.abort());
    await open();
    await blocked('by-poll');
    await rowOf('by-poll').waitFor();
    faults = faults.filter((text) => !text.includes('ERR_FAILED'));
  });
});

describe('a long log', () => {
  it('is on the screen within moments of the first byte of its page', async () => {
    await open();
    const times: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      await page.reload();
      await rows().first().waitFor();
      times.push(
        await page.evaluate(
          `performance.getEntriesByType('mark').find(({ name }) => name === 'leash-rows').startTime`,
        ),
      );
    }
    times.sort((a, b) => a - b);
    process.stdout.write(
      `first page of ${OLD_ROWS} records: median ${times[2]?.toFixed(0)} ms, ` +
        `best ${times[0]?.toFixed(0)} ms, worst ${times[4]?.toFixed(0)} ms\n`,
    );
    // The machine of a test does other things, too; the number above is the one to read.
    expect(times[0]).toBeLessThan(1000);
  });

  it('scrolls down and up over 8 000 rows, in order, with a bounded page', async () => {
    // A tall window: fewer steps on the way, each shorter than what is drawn.
    await page.setViewportSize({ width: 1200, height: 4000 });
    await open('?q=row');
    const seen = new Set<number>();
    let most = 0;
    const look = async (scrollBy: number) => {
      const numbers = await drawnNumbers(scrollBy);
      for (const [index, number] of numbers.entries()) {
        if (index > 0) expect(number).toBe((numbers[index - 1] ?? 0) - 1);
        seen.add(number);
      }
      most = Math.max(most, numbers.length);
      return numbers;
    };
    const step = 100 * ROW_PX;
    let lowest = OLD_ROWS;
    while (lowest > OLD_ROWS - 8_500) lowest = (await look(step)).at(-1) ?? 0;
    expect(seen.size).toBe(OLD_ROWS - Math.min(...seen));
    expect(most).toBeLessThan(200);
    const held = await page.locator('tbody').evaluate((body) => body.clientHeight / 30);
    expect(held).toBeLessThanOrEqual(1000);
    expect(Number(await rows().first().getAttribute('aria-rowindex'))).toBeGreaterThan(7_000);

    seen.clear();
    let highest = lowest;
    while (highest < OLD_ROWS - 1) highest = (await look(-step))[0] ?? 0;
    expect(seen.size).toBe(OLD_ROWS - Math.min(...seen));
    expect(most).toBeLessThan(200);
  }, 240_000);

  it('is left with Home for the newest, wherever the window is', async () => {
    await open();
    for (let n = 0; n < 12; n += 1) {
      await page.keyboard.press('End');
      await page.waitForTimeout(60);
    }
    const [top = 0] = await drawnNumbers();
    expect(top).toBeLessThan(OLD_ROWS - 1000);
    await blocked('while-away');
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await page.keyboard.press('Home');
    await rowOf('while-away').waitFor();
    expect(await page.locator('.list').evaluate((list) => list.scrollTop)).toBe(0);
    await expect.poll(() => page.locator('tr:focus').textContent()).toContain('while-away');
  });
});
