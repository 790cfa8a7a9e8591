// What is known about a record and done with it, in a real browser over a real leash: evidence, the
// decision of now, the command of curl, exports, a comparison.

import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { harProblems } from '../support/check-har.ts';
import {
  type DetailStage,
  detailOf,
  inner,
  lineOf,
  messageOf,
  shoot,
  startDetailStage,
  tabOf,
} from '../support/detail-stage.ts';
import { LOW_CONTRAST } from '../support/low-contrast.ts';
import { run } from '../support/run-client.ts';

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

describe('evidence and decision', () => {
  it('shows the place in the chain, verified just now, with the checkpoint that covers it', async () => {
    await show('/tree');
    await tab('Evidence').click();
    const view = detail().locator('.proof-view');
    await view.getByText(/Linked/).waitFor();
    const text = await lineOf(view);
    expect(text).toMatch(
      /egress\.1\.jsonl, byte [\d,]+ Its hash [0-9a-f]{64} prev [0-9a-f]{64} ✓ fits The next one ✓ fits/,
    );
    await shoot(page, 'evidence-light');
    expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
  });

  it('asks the policy of now, which may have changed since', async () => {
    await show('/sent?n=1');
    await tab('Decision').click();
    const view = detail().locator('.decision-view');
    await view.getByText('Today: would be allowed').waitFor();
    expect(await lineOf(view)).toContain('enforce.yaml:1');
    await stage.leash.writePolicy({ mode: 'enforce\n', 'enforce.yaml': 'allow: []\n' });
    await stage.leash.waitForRecords(
      (record) => record.event === 'mode_change' && record.mode === 'enforce',
    );
    // The page hears of the new version by itself.
    await view.getByText('Today: would be blocked (not_in_allowlist)').waitFor({ timeout: 20_000 });
    await view.getByText('changed since', { exact: true }).waitFor();
    expect(await lineOf(view)).toMatch(/no line of that file names it any more/);
    await view.getByText('As a rule').click();
    const rule = await inner(view.locator('.rule-entry pre').first());
    expect(rule).toContain(`host: "localhost"\n    ports: [${stage.originPort}]`);
    await shoot(page, 'decision-light');
    await stage.leash.writePolicy({ 'enforce.yaml': rule });
    await view.getByText('Today: would be allowed').waitFor({ timeout: 20_000 });
    await stage.leash.writePolicy({ mode: 'audit\n' });
  });
});

describe('taking it along', () => {
  it('the copied command of curl sends the request again, without the credential', async () => {
    await show('/sent?n=1');
    await detail().getByRole('button', { name: 'As cURL' }).click();
    const command = await inner(detail().locator('.curl pre'));
    expect(command).toContain("'authorization: [left out]'");
    await shoot(page, 'curl-light');
    const before = stage.got.filter(({ url: path }) => path === '/sent?n=1');
    await run('sh', ['-c', command], { env: { CURL_CA_BUNDLE: stage.originCa } });
    const after = stage.got.filter(({ url: path }) => path === '/sent?n=1');
    expect(after).toHaveLength(before.length + 1);
    const [first, again] = [before.at(-1), after.at(-1)];
    expect({ ...again, headers: null }).toEqual({ ...first, headers: null });
    expect(again?.headers).toMatchObject({
      'x-odd': "it's $(id) `id` \\",
      'content-type': 'application/json',
      authorization: '[left out]',
    });
  });

  it('exports of one, of a selection and of the query are files that parse', async () => {
    await show('/sent?n=1');
    await detail().getByLabel('Add to selection').check();
    const download = async (title: string, kind: string) => {
      const row = detail().locator('.menu-row', { hasText: title });
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        row.getByRole('link', { name: kind }).click(),
      ]);
      return readFile(await file.path(), 'utf8');
    };
    await detail().getByText('Export', { exact: true }).click();
    await shoot(page, 'export-light');
    const one = JSON.parse(await download('This record', 'HAR'));
    expect(harProblems(one)).toEqual([]);
    expect(one.log.entries[0].request).toMatchObject({
      method: 'PUT',
      url: `https://localhost:${stage.originPort}/sent?n=1`,
    });
    expect(JSON.stringify(one)).not.toContain('sk-secret');
    const lines = (await download('The 1 selected', 'NDJSON')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['allowed', 'intent']);
    const log = await readFile(stage.leash.logPath, 'utf8');
    for (const line of lines) expect(log.split('\n')).toContain(line);
    const all = JSON.parse(await download('The whole log', 'HAR'));
    expect(harProblems(all)).toEqual([]);
    expect(all.log.entries.length).toBeGreaterThan(8);
  });

  it('two records are compared: facts, headers and bodies', async () => {
    await show('/sent?n=1');
    await detail().getByRole('button', { name: 'Compare with…' }).click();
    await detail().getByText('Kept for comparison').waitFor();
    await page.locator('tbody tr', { hasText: '/sent?n=2' }).first().click();
    const view = detail().getByRole('region', { name: 'Comparison' });
    await view.getByText('Facts').waitFor();
    const text = await lineOf(view);
    expect(text).toMatch(/Method changed PUT POST/);
    expect(text).toMatch(/x-only only in B – 1/);
    expect(text).toMatch(/x-odd only in A/);
    expect(await view.locator('.diff-gone').allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringContaining('"ask": "größe"')]),
    );
    expect(new URL(page.url()).searchParams.get('with')).toBe(await stage.recordOf('/sent?n=1'));
    await shoot(page, 'compare-light');
    await page.reload();
    await view.getByText('Facts').waitFor();
    await view.getByRole('button', { name: 'End comparison' }).click();
    await message('Request').waitFor();
  });
});
