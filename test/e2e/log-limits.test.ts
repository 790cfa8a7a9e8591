// What the record may grow to, and what of a request is in it: retention, shares of clients, secrets.

import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogRecord, segmentFiles, segmentText } from '../support/leash-records.ts';
import { run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { waitFor } from '../support/wait-for.ts';

let origin: Origin;
let leash: Leash;

beforeEach(async () => {
  origin = await startOrigin();
});
afterEach(async () => {
  await leash.close();
  await origin.close();
});

async function start(env: Readonly<Record<string, string>>): Promise<void> {
  leash = await startLeash({ env: { LEASH_CAPTURE: 'all', ...env } });
}
/** Status codes of requests that one curl makes one after the other. */
async function statuses(...args: string[]): Promise<string[]> {
  const common = ['-sS', '-o', '/dev/null', '-w', '%{http_code}\n', '--proxy', leash.proxyUrl];
  const { stdout } = await run('curl', [...common, ...args], { timeoutMs: 60_000 });
  return stdout.trim().split('\n');
}
const count = (list: readonly string[], status: string) =>
  list.filter((each) => each === status).length;
const isEvent = (event: string) => (record: LogRecord) => record.event === event;

describe('LEASH_RETAIN_MB', () => {
  it('deletes the oldest segments, each with a record that the chain can be followed by', async () => {
    await start({ LEASH_ROTATE_MB: '1', LEASH_RETAIN_MB: '3' });
    // Not faster than it can delete.
    const paced = await statuses('--rate', '10/s', `${origin.url}/bytes/400000?[1-25]`);
    expect(count(paced, '200')).toBe(25);
    const gone = async () => {
      const found = (await leash.records()).filter(isEvent('segment_deleted'));
      return found.length >= 3 ? found : undefined;
    };
    const deleted = await waitFor(gone, { what: 'three deletions', timeoutMs: 15_000 });
    // Records of earlier deletions went with their segments.
    const numbers = deleted.map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    await waitFor(
      async () => {
        const names = await readdir(dirname(leash.logPath));
        return !names.some((name) => name.startsWith(`egress.${numbers.at(-1)}.`));
      },
      { what: 'the files to go' },
    );
    await leash.stop();
    const [oldest = ''] = await segmentFiles(leash.logPath);
    const [first = ''] = (await segmentText(oldest)).split('\n');
    const last = (await leash.records()).filter(isEvent('segment_deleted')).at(-1);
    expect(JSON.parse(first)).toMatchObject({ prev: last?.last_hash, seq: last?.last_seq + 1 });
  }, 60_000);

  it('with LEASH_RETAIN_DAYS refuses what is new before it deletes what is too young', async () => {
    await start({ LEASH_ROTATE_MB: '1', LEASH_RETAIN_MB: '2', LEASH_RETAIN_DAYS: '1' });
    // Once all others are compressed, there may be room again; leash looks once a second.
    let sinceMs = Number.POSITIVE_INFINITY;
    const isRefused = async () => {
      const names = await readdir(dirname(leash.logPath));
      const plain = names.filter((name) => /^egress\.\d+\.jsonl$/.test(name));
      const refused = count(await statuses(`${origin.url}/bytes/400000`), '503') === 1;
      if (!refused || plain.length > 1) sinceMs = Number.POSITIVE_INFINITY;
      else sinceMs = Math.min(sinceMs, Date.now());
      return Date.now() - sinceMs > 1500;
    };
    await waitFor(isRefused, { what: 'a refusal', timeoutMs: 10_000 });
    const seen = origin.requests.length;
    expect(count(await statuses(`${origin.url}/status/200?[1-5]`), '503')).toBe(5);
    expect(origin.requests).toHaveLength(seen);
    const names = await readdir(dirname(leash.logPath));
    expect(names.some((name) => name.startsWith('egress.1.'))).toBe(true);
    const problems: LogRecord = JSON.parse(await (await fetch(`${leash.viewerUrl}/readyz`)).text());
    expect(problems.problems.join()).toContain('LEASH_RETAIN_DAYS');
  }, 60_000);
});

describe('LEASH_CLIENT_LOG_MB_MIN', () => {
  it('answers 429 to the client that used its share up, serves others, and counts exactly', async () => {
    await start({ LEASH_CLIENT_LOG_MB_MIN: '1' });
    const first = await statuses(`${origin.url}/bytes/300000?[1-30]`);
    const refused = count(first, '429');
    expect(refused).toBeGreaterThan(20);
    expect(count(first, '200') + refused).toBe(30);
    // From another address, and through a tunnel: the share is the client's own.
    const other = ['--interface', '127.0.0.2'];
    expect(await statuses(...other, `${origin.url}/status/200?[1-3]`)).toEqual(
      Array(3).fill('200'),
    );
    expect(await statuses('-p', `${origin.url}/status/200`)).toEqual(['000']);
    const forwarded = origin.requests.length;
    expect(forwarded).toBe(30 - refused + 3);
    await leash.stop();
    const records = await leash.records();
    const own = records.filter(({ reason }) => reason === 'client_log').length;
    const uncounted = records.filter(isEvent('audit_suspended'));
    expect(uncounted.every(({ client }) => client === '127.0.0.1')).toBe(true);
    const counted = uncounted.reduce((sum, record) => sum + record.refused, 0);
    // The CONNECT is one more.
    expect(own + counted).toBe(refused + 1);
  }, 60_000);
});

describe('LEASH_SECRETS=fingerprint', () => {
  it('keeps credentials out of every record, and the same one is the same again', async () => {
    await start({ LEASH_SECRETS: 'fingerprint' });
    const secret = 'sk-very-secret-0123';
    const headers = ['-H', `Authorization: Bearer ${secret}`, '-H', `X-Api-Key: ${secret}`];
    await statuses(...headers, '-H', `Cookie: session=${secret}`, `${origin.url}/status/200?[1-2]`);
    await statuses(...headers, 'http://127.0.0.1:1/refused');
    await leash.stop();
    const [file = ''] = await segmentFiles(leash.logPath);
    const text = await segmentText(file);
    expect(text).not.toContain(secret);
    const marks = text.match(/hmac-sha256:[0-9a-f]{32}/g) ?? [];
    expect(marks.length).toBe(8);
    expect(new Set(marks).size).toBe(1);
    const program = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));
    const options = { env: { LEASH_STATE_DIR: leash.stateDir }, input: `${secret}\n` };
    const shown = await run(process.execPath, [program, 'fingerprint'], options);
    expect(shown).toMatchObject({ code: 0, stdout: `${marks[0]}\n` });
    const scheme = await run(process.execPath, [program, 'fingerprint'], {
      ...options,
      input: `Bearer ${secret}`,
    });
    expect(scheme.stdout).toBe(`Bearer ${marks[0]}\n`);
    const nothing = await run(process.execPath, [program, 'fingerprint'], {
      ...options,
      input: '',
    });
    expect(nothing).toMatchObject({ code: 2, stdout: '' });
    const [sent] = origin.requests;
    expect(sent?.rawHeaders).toContain(`Bearer ${secret}`);
  });
});
