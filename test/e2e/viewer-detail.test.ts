// One record in a real browser, over a real leash with real requests: bodies laid out, headers, layout.

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DetailStage,
  detailOf,
  inner,
  lineOf,
  messageOf,
  shoot,
  startDetailStage,
  TOKEN,
  TREE,
  tabOf,
} from '../support/detail-stage.ts';
import { LOW_CONTRAST } from '../support/low-contrast.ts';

let stage: DetailStage;
let page: Page;
beforeAll(async () => {
  stage = await startDetailStage();
});
afterAll(async () => {
  await stage?.close();
});
beforeEach(async () => {
  page = await stage.newPage();
});
afterEach(async () => {
  await page.context().close();
  expect(stage.faults).toEqual([]);
});

const detail = () => detailOf(page);
const tab = (name: string) => tabOf(page, name);
const message = (title: string) => messageOf(page, title);
const show = (path: string, more?: Readonly<Record<string, string>>) =>
  stage.show(page, path, more);

describe('bodies', () => {
  it('JSON is a tree that opens and closes, in which nothing is interpreted', async () => {
    await show('/tree');
    const tree = message('Response').locator('.tree');
    expect(await lineOf(tree)).toMatch(
      /"__proto__": \{ 1 member "hacked": 1 \} .*"twice": 1 "twice": 2 "long": 12345678901234567890 "html": "<img/,
    );
    const list = tree.locator('.tree-line', { hasText: '"list"' });
    expect(await lineOf(list)).toContain('300 items');
    await list.getByRole('button', { name: 'Open' }).click();
    await tree.getByRole('button', { name: '200 more are not shown: show some' }).click();
    await tree.getByText('299', { exact: true }).waitFor();
    await shoot(page, 'tree-light');
    await list.getByRole('button', { name: 'Close' }).click();
    expect(await tree.getByText('299', { exact: true }).count()).toBe(0);
    await message('Response').getByRole('button', { name: 'Text' }).click();
    expect(await inner(message('Response').locator('pre'))).toBe(TREE);
    await message('Response').getByRole('button', { name: 'Hex' }).click();
    expect(await inner(message('Response').locator('pre'))).toContain('00000000  7b 22 5f 5f');
    expect(await page.evaluate('[window.hacked, ({}).hacked]')).toEqual([undefined, undefined]);
  });

  it('a depth of 100,000 does not hang the page', async () => {
    await show('/deep');
    await message('Response').getByRole('button', { name: 'Open all' }).click();
    await message('Response')
      .getByText(/items?$/)
      .first()
      .waitFor();
    await tab('Evidence').click();
    await detail().getByText('links it to the records').waitFor();
  });

  it('an event stream is its events, and the text they spell stands beside them', async () => {
    await show('/stream');
    const view = message('Response');
    expect(await inner(view.locator('.whole pre'))).toBe('Hello world');
    await view.getByText('5 events, in the order in which they came').waitFor();
    const events = await view.locator('.events li').allInnerTexts();
    expect(events[0]).toContain('comment: hi');
    expect(events[1]?.replace(/\s+/g, ' ')).toMatch(/2 delta .*"content": "Hel"/);
    expect(events[4]).toContain('[DONE]');
    await shoot(page, 'stream-light');
  });

  it('forms are tables, NDJSON is its lines, bytes are hex', async () => {
    await show('/form');
    const rows = message('Request').locator('.form tr');
    expect(await rows.allInnerTexts()).toEqual(['name\ta b&c', 'x\t1']);
    await show('/parts');
    const parts = (await message('Request').locator('.form tr').allInnerTexts()).join(' ');
    expect(parts).toMatch(
      /note.*9 B.*some text.*file.*file a\.txt · text\/plain · 19 B.*content of the file/s,
    );
    await show('/lines');
    await message('Response').getByText('2 lines, in the order').waitFor();
    await show('/bytes');
    expect(await inner(message('Response').locator('pre.hex'))).toBe(
      `00000000  7b 00 ff fe 41${' '.repeat(36)}{...A`,
    );
  });

  it('headers are as received, or by name when asked, and that is remembered', async () => {
    await show('/sent?n=1');
    const names = () => message('Request').locator('.headers th').allInnerTexts();
    const received = await names();
    await message('Request').getByRole('button', { name: 'Sort' }).click();
    await expect
      .poll(names)
      .toEqual([...received].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
    await page.reload();
    await expect.poll(names).not.toEqual(received);
  });

  it('messages of a WebSocket have a tab', async () => {
    await show('/chat');
    await tab('WebSocket').click();
    expect(await lineOf(detail().locator('[role=tabpanel]'))).toMatch(
      /→ hello socket .*← hello socket/,
    );
  });
});

describe('the layout', () => {
  it('is side by side or in tabs, remembers which, and folds where it is narrow', async () => {
    await show('/sent?n=1');
    await message('Response').waitFor();
    await detail().getByRole('button', { name: 'Side by side' }).click();
    await tab('Response').click();
    expect(await message('Request').count()).toBe(0);
    await page.keyboard.press('ArrowLeft');
    await message('Request').waitFor();
    await page.reload();
    await tab('Request').waitFor();
    await detail().getByRole('button', { name: 'Side by side' }).click();
    await tab('Request and response').waitFor();
    await page.setViewportSize({ width: 560, height: 900 });
    await tab('Response').waitFor();
    await shoot(page, 'narrow-light');
  });

  it('says plainly that a record is gone', async () => {
    await page.goto(`${stage.leash.viewerUrl}/?sel=1:7,1-1-1#token=${TOKEN}`);
    await detail().getByText('This record is gone').waitFor();
  });
});

it('every text of the parts can be read in the dark', async () => {
  await page.context().close();
  page = await stage.newPage('dark');
  await show('/stream');
  expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
  await shoot(page, 'stream-dark');
  await tab('Decision').click();
  await detail()
    .getByText(/^Today:/)
    .waitFor();
  expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
  await shoot(page, 'decision-dark');
  await tab('Evidence').click();
  await detail()
    .getByText(/Linked/)
    .waitFor();
  expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
  await show('/tree', { with: await stage.recordOf('/sent?n=2') });
  await detail().getByText('Facts').waitFor();
  expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
  await shoot(page, 'compare-dark');
});
