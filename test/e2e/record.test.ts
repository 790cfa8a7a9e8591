// The record under load: nothing is missing, nothing is split, and another program can verify it.

import { Agent, request } from 'node:http';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LogRecord, segmentFiles, segmentText } from '../support/leash-records.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';

const LEASHCTL = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));
const REQUESTS = 2_000;
const CONNECTIONS = 64;

let origin: Origin;
let leash: Leash;

beforeAll(async () => {
  origin = await startOrigin({
    handler: (incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end(`${incoming.url} ${'x'.repeat(4_000)}`);
    },
  });
  leash = await startLeash({ workers: 2, env: { LEASH_ROTATE_MB: '1' } });
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

/** One absolute-form request over a connection of the pool; gives the status. */
function get(agent: Agent, number: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port } = origin;
    const sent = request({
      agent,
      host: '127.0.0.1',
      port: leash.proxyPort,
      path: `http://127.0.0.1:${port}/?n=${number}`,
      headers: { host: `127.0.0.1:${port}` },
    });
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.end();
  });
}

describe(`${REQUESTS} requests over ${CONNECTIONS} connections and two workers`, () => {
  let records: LogRecord[];
  const verified: RunResult[] = [];

  /** Verifies the log again and again until the work is done. */
  async function verifyDuring<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = () => {
      isDone = true;
    };
    work.then(end, end);
    while (!isDone) {
      const args = [LEASHCTL, 'verify', dirname(leash.logPath)];
      verified.push(await run(process.execPath, args));
    }
    return work;
  }

  beforeAll(async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const answers = Promise.all(
      Array.from({ length: REQUESTS }, (_, number) => get(agent, number)),
    );
    const statuses = await verifyDuring(answers);
    agent.destroy();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await leash.stop()).toBe(0);
    records = await leash.records();
  });

  it('leave one intent and one outcome each, the intent first', () => {
    const intents = records.filter(({ event }) => event === 'intent');
    const outcomes = records.filter(({ event }) => event === 'allowed');
    expect(intents).toHaveLength(REQUESTS);
    expect(outcomes).toHaveLength(REQUESTS);
    const seqOf = new Map(intents.map(({ id, seq }) => [id, seq]));
    expect(seqOf.size).toBe(REQUESTS);
    expect(outcomes.filter(({ id, seq }) => !((seqOf.get(id) ?? seq) < seq))).toEqual([]);
    const urls = new Set(outcomes.map(({ url }) => url));
    expect(urls.size).toBe(REQUESTS);
    expect(new Set(outcomes.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
  });

  it('leave whole lines in more than five segments, each with its head', async () => {
    const files = await segmentFiles(leash.logPath);
    expect(files.length).toBeGreaterThan(5);
    const heads = records.filter(({ event }) => event === 'segment');
    expect(heads.map(({ number }) => number)).toEqual(files.map((_, index) => index + 1));
    // What is finished ends in a checkpoint, and was compressed while requests went on.
    expect(files.filter((file) => file.endsWith('.gz')).length).toBeGreaterThan(2);
    expect(records.filter(({ event }) => event === 'checkpoint').length).toBeGreaterThan(4);
    for (const file of files) expect((await segmentText(file)).at(-1)).toBe('\n');
  });

  it('leave a log that verifies at each moment while it is written and rotated', async () => {
    expect(verified.length).toBeGreaterThan(0);
    for (const { code, stdout, stderr } of verified) {
      expect(stdout).toMatch(/^VERIFIED \d/);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
    const args = [LEASHCTL, 'verify', dirname(leash.logPath), '--json'];
    const { stdout } = await run(process.execPath, args);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'verified', records: records.length });
  });

  it('leave a chain that one page of Python verifies', async () => {
    const { code, stdout, stderr } = await leash.verifyChain();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${records.length} records, `));
  });
});
