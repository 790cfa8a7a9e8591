// THREATS V-10 against a leash that runs, and the page that says how it is: no path leads to its keys, nobody
// else may read them, and it does not start where others may put their own in the place of them.

import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from '../support/raw.ts';
import { startBrowser } from '../support/start-browser.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { tempDir } from '../support/temp-dir.ts';

const TOKEN = 'token-of-this-test-0123456789';
const POLICY = { ...LOOPBACK_POLICY, 'agents.yaml': { agent_networks: ['10.99.0.0/16'] } };

let leash: Leash;
let browser: Browser;

beforeAll(async () => {
  const before = process.umask(0);
  try {
    leash = await startLeash({ policy: POLICY, env: { LEASH_VIEWER_TOKEN: TOKEN } });
  } finally {
    process.umask(before);
  }
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await leash?.close();
});

const viewerPort = () => Number(new URL(leash.viewerUrl).port);

describe('V-10: secrets on the disk', () => {
  const DOTS = [
    '../',
    '..%2f',
    '%2e%2e/',
    '%2e%2e%2f',
    '..%5c',
    '..\\',
    '....//',
    '%252e%252e%252f',
    '..;/',
    '.%2e/',
    '%c0%ae%c0%ae/',
    '..%00/',
    '..//',
    './../',
  ];
  const STARTS = ['/', '/assets/', '/api/logs/', '/api/'];
  const TARGETS = ['state/private/ca.key', 'private/viewer-token', 'etc/passwd'];

  it('no path of more than a hundred leads to them, on a socket without a client that tidies', async () => {
    const key = await readFile(join(leash.stateDir, 'private', 'ca.key'), 'utf8');
    const secret = key.split('\n')[1] ?? 'none';
    const fileToken = (
      await readFile(join(leash.stateDir, 'private', 'viewer-token'), 'utf8')
    ).trim();
    const paths = STARTS.flatMap((start) =>
      DOTS.flatMap((dots) => TARGETS.map((target) => start + dots.repeat(6) + target)),
    ).concat([
      `//${leash.stateDir}/private/ca.key`,
      `file://${leash.stateDir}/private/ca.key`,
      leash.stateDir,
      '/private/ca.key',
      '/ca.key',
    ]);
    expect(paths.length).toBeGreaterThan(100);
    for (const path of paths) {
      const answer = await rawRequest(
        viewerPort(),
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`,
      );
      const status = Number(answer.slice(9, 12));
      expect([path, [400, 404].includes(status) || !answer.includes('200 OK')]).toEqual([
        path,
        true,
      ]);
      for (const text of [secret, fileToken, 'PRIVATE KEY', 'root:x:'])
        expect([path, answer.includes(text)]).toEqual([path, false]);
    }
  });

  it('are closed to others, also where leash was started with umask 000', async () => {
    const folder = join(leash.stateDir, 'private');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) {
      expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
    for (const file of [leash.stateDir, leash.caFile, join(leash.dir, 'logs')]) {
      expect([file, (await stat(file)).mode & 0o002]).toEqual([file, 0]);
    }
    expect((await readFile(leash.caFile, 'utf8')).includes('PRIVATE')).toBe(false);
  });

  it.each([
    ['state', /others may write to it.*chmod go-w/s],
    ['', /others may write to ".*" above it.*chmod o-w/s],
  ])('leash does not start where others may write to the folder "%s"', async (name, message) => {
    const dir = await tempDir();
    const inner = join(dir.path, 'inner');
    await mkdir(join(inner, 'state'), { recursive: true });
    await chmod(join(inner, name), 0o777);
    await expect(startLeash({ dir: inner, policy: POLICY })).rejects.toThrow(message);
    await dir.close();
  });
});

describe('the state of things', () => {
  it('tells of workers, record, disk and policy in plain words, and follows', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${leash.viewerUrl}/?view=state#token=${TOKEN}`);
    const card = (name: string) => page.getByRole('region', { name, exact: true });
    await card('Service').getByText('Serving').waitFor();
    await card('Record').getByText('Being written').waitFor();
    await card('Disk').getByText(/left$/).first().waitFor();
    await card('Policy')
      .getByText('version 1, audit')
      .or(card('Policy').getByText(/^version/))
      .first()
      .waitFor();
    expect(await card('Workers').locator('tbody tr').count()).toBe(1);
    await leash.writePolicy({ 'blocklist.yaml': 'block: [*\n' });
    await card('Mistakes in policy files')
      .getByText('blocklist.yaml:1')
      .first()
      .waitFor({ timeout: 15_000 });
    await context.close();
  });
});
