// What stays true of the record when processes are killed, files are changed and folders vanish.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/shared/checkpoint.ts';
import { type LogRecord, segmentText } from '../support/leash-records.ts';
import { run } from '../support/run-client.ts';
import {
  type Leash,
  type LeashOptions,
  LOOPBACK_POLICY,
  startLeash,
} from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const TERMINAL = ['allowed', 'blocked', 'error', 'revoked', 'connect_closed', 'uninspected'];

let temp: TempDir;
let origin: Origin;
let leash: Leash;

beforeEach(async () => {
  temp = await tempDir();
  origin = await startOrigin();
});
afterEach(async () => {
  await leash.close();
  await origin.close();
  await temp.close();
});

async function start(options: Partial<LeashOptions> = {}): Promise<void> {
  leash = await startLeash({ dir: temp.path, policy: LOOPBACK_POLICY, ...options });
}
const curl = (...args: string[]) =>
  run('curl', [
    '-sS',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}\n',
    '--proxy',
    leash.proxyUrl,
    ...args,
  ]);
const segment = (number: number) => join(temp.path, 'logs', `egress.${number}.jsonl`);
const isEvent = (event: string) => (record: LogRecord) => record.event === event;
const status = async () =>
  JSON.parse(await readFile(join(leash.stateDir, 'run', 'status.json'), 'utf8'));

describe('a primary that is killed', () => {
  it('leaves flows without a last record; the next start writes it, once, and the chain goes on', async () => {
    await start();
    const hung = [1, 2, 3].map((n) =>
      curl('--max-time', '20', `${origin.url}/sse?n=1000&every=50&${n}`),
    );
    const plain = curl('--max-time', '20', '-p', `${origin.url}/sse?n=1000&every=50&tunnel`);
    await waitFor(() => origin.requests.length >= 4, { what: 'requests at the origin' });
    leash.signal('SIGKILL');
    await leash.ended;
    await Promise.all([...hung, plain]);

    await start();
    const ends = await waitFor(
      async () => {
        const found = (await leash.records()).filter(({ reason }) => reason === 'primary_exit');
        return found.length >= 5 ? found : undefined;
      },
      { what: 'the last records', timeoutMs: 10_000 },
    );
    // Four exchanges and the tunnel that one of them was in.
    expect(ends.map(({ event }) => event)).toEqual(Array(5).fill('error'));
    expect(ends.every(({ client, worker }) => client === '127.0.0.1' && worker === 1)).toBe(true);
    expect(ends.filter(({ url }) => /^http.*\/sse/.test(url))).toHaveLength(4);
    expect(await curl(`${origin.url}/status/200`)).toMatchObject({ stdout: '200\n' });
    await leash.stop();
    const records = await leash.records();
    for (const { id } of records.filter(({ event }) =>
      ['intent', 'connect_allowed'].includes(event),
    )) {
      const last = records.filter((record) => record.id === id && TERMINAL.includes(record.event));
      expect(last, id).toHaveLength(1);
    }
    expect(await leash.verifyChain()).toMatchObject({ code: 0 });
    await start();
    await waitFor(async () => (await status()).log.check.state === 'done', { what: 'the check' });
    expect((await leash.records()).filter(({ reason }) => reason === 'primary_exit')).toHaveLength(
      5,
    );
  }, 60_000);
});

describe('checkpoints', () => {
  it('are signed, copied beside the log, and handed to the program that was named', async () => {
    const taken = join(temp.path, 'taken');
    const program = join(temp.path, 'take away.sh');
    await writeFile(
      program,
      `#!/bin/sh\ncat >> '${taken}'\nenv | grep LEASH >> '${taken}' || true\n`,
      {
        mode: 0o755,
      },
    );
    await start({ env: { LEASH_CHECKPOINT_COMMAND: program } });
    expect((await curl(`${origin.url}/status/200?[1-600]`)).stdout).toBe('200\n'.repeat(600));
    await leash.stop();
    const records = await leash.records();
    const signed = records.filter(isEvent('checkpoint'));
    // 1200 records and the last one of a stop.
    expect(signed.map(({ seq }) => seq)).toEqual([1001, records.length]);
    const lines = (await segmentText(segment(1))).split('\n');
    const own = signed.map(({ seq }) => lines[seq - 1] ?? '');
    for (const line of own) expect(readCheckpoint(Buffer.from(line))).not.toBeNull();
    expect(await readFile(join(temp.path, 'logs', 'egress.checkpoints'), 'utf8')).toBe(
      `${own.join('\n')}\n`,
    );
    expect(await readFile(taken, 'utf8')).toBe(`${own.join('\n')}\n`);
    const key = (await readFile(join(leash.stateDir, 'checkpoint-key.pub'), 'utf8')).trim();
    expect(signed.every((record) => record.key === key)).toBe(true);
  }, 60_000);

  it('show at the next start that the log was cut off', async () => {
    await start();
    await curl(`${origin.url}/status/200?[1-20]`);
    await leash.stop();
    const lines = (await segmentText(segment(1))).split('\n');
    await writeFile(
      segment(1),
      lines
        .slice(0, 10)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await start();
    const found = await leash.waitForRecords(isEvent('log_recovered'));
    expect(found).toMatchObject({ reason: 'truncated', file: 'egress.1.jsonl', last_seq: 10 });
  });
});

describe('a finished segment that was changed', () => {
  it('L-03: is named with record and place, not touched, and said to the viewer', async () => {
    await start({ env: { LEASH_ROTATE_MB: '1', LEASH_CAPTURE: 'all' } });
    await curl(`${origin.url}/bytes/300000?[1-6]`);
    await leash.waitForRecords(({ event, number }) => event === 'segment' && number === 2);
    await leash.stop();
    // As an intruder would: unpacked, one byte changed, left as a plain file.
    const lines = (await segmentText(segment(1))).split('\n');
    await rm(`${segment(1)}.gz`, { force: true });
    const victim = lines.findIndex((line) => line.includes('"event":"allowed"'));
    const damaged = lines.map((line, index) =>
      index === victim ? line.replace('GET', 'PUT') : line,
    );
    await writeFile(segment(1), damaged.join('\n'));

    await start();
    const offset = lines.slice(0, victim).join('\n').length + 1;
    const found = await leash.waitForRecords(isEvent('log_recovered'), 10_000);
    expect(found).toMatchObject({
      file: 'egress.1.jsonl',
      reason: 'damaged',
      last_seq: victim,
      offset,
    });
    const check = await waitFor(
      async () => {
        const { log } = await status();
        return log.check.state === 'done' ? log.check : undefined;
      },
      { what: 'the check' },
    );
    expect(check.damage).toEqual([{ file: 'egress.1.jsonl', seq: victim + 1, offset }]);
    expect(await readFile(segment(1), 'utf8')).toBe(damaged.join('\n'));
    const meta: LogRecord = JSON.parse(await (await fetch(`${leash.viewerUrl}/api/meta`)).text());
    expect(meta.record.damage).toMatchObject([{ file: 'egress.1.jsonl', seq: victim + 1 }]);
  }, 60_000);
});

describe('a folder that is taken away', () => {
  it('stops forwarding at once; when it is there again, the chain goes on and says what is gone', async () => {
    await start();
    expect((await curl(`${origin.url}/status/200`)).stdout).toBe('200\n');
    const { seq: before } = await leash.waitForRecords(isEvent('allowed'));
    // In one step: leash goes on in the next segment as soon as its own is gone.
    await rename(join(temp.path, 'logs'), join(temp.path, 'taken'));
    const seen = origin.requests.length;
    expect((await curl(`${origin.url}/status/200?[1-5]`)).stdout).toBe('503\n'.repeat(5));
    expect(origin.requests).toHaveLength(seen);
    await mkdir(join(temp.path, 'logs'));
    const goesOn = async () => (await curl(`${origin.url}/status/200`)).stdout === '200\n';
    await waitFor(goesOn, { what: 'forwarding to go on', timeoutMs: 2_000 });
    const records = await leash.records();
    expect(records[0]).toMatchObject({ event: 'segment', number: 2, seq: before + 1 });
    const gone = records.find(isEvent('log_recovered'));
    expect(gone).toMatchObject({ reason: 'gone', file: 'egress.1.jsonl', last_seq: before });
  });
});
