// A record that cannot be written, as on a full disk: agents get 503, nothing is forwarded, and when
// there is room again, leash goes on by itself and says what was refused.

import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { segmentFiles } from '../support/leash-records.ts';
import { run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { waitFor } from '../support/wait-for.ts';

let origin: Origin;
let leash: Leash;

beforeAll(async () => {
  origin = await startOrigin();
  leash = await startLeash();
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

const get = async () => {
  const args = ['-sS', '-i', '--max-time', '10', '--proxy', leash.proxyUrl];
  return (await run('curl', [...args, `${origin.url}/status/200`])).stdout;
};

/** No file of the primary may grow beyond this; only the soft limit, so that it can be lifted. */
const limitFiles = (bytes: number | 'unlimited') =>
  run('prlimit', ['--pid', String(leash.pid), `--fsize=${bytes}:`]);

it('means 503 for all, nothing sent, and exact counts when it can be written again', async () => {
  expect(await get()).toMatch(/^HTTP\/1\.1 200 /);
  await leash.waitForRecords(({ event }) => event === 'allowed');
  const [segment = ''] = await segmentFiles(leash.logPath);
  await limitFiles((await stat(segment)).size + 10);
  const seen = origin.requests.length;
  const answers = [];
  const startMs = performance.now();
  for (let n = 0; n < 6; n += 1) answers.push(await get());
  // The first one, too: nobody waits for an intent that cannot be written.
  expect(performance.now() - startMs).toBeLessThan(1_500);
  for (const answer of answers) {
    expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*reason=audit_unavailable[\s\S]*Retry-After: 2/);
  }
  expect(origin.requests).toHaveLength(seen);
  const ready = async () => (await fetch(`${leash.viewerUrl}/readyz`)).ok;
  expect(await ready()).toBe(false);

  await limitFiles('unlimited');
  const goesOn = async () => {
    const answer = await get();
    if (answer.startsWith('HTTP/1.1 200 ')) return true;
    answers.push(answer);
    return false;
  };
  await waitFor(goesOn, { what: 'forwarding to go on', timeoutMs: 2_000 });
  expect(await ready()).toBe(true);
  const suspended = await leash.waitForRecords(({ event }) => event === 'audit_suspended');
  const records = await leash.records();
  // One that was refused while forwarding began again may have a record of its own.
  const own = records.filter(({ reason }) => reason === 'audit_unavailable').length;
  const refused = (await leash.records()).filter(({ event }) => event === 'audit_suspended');
  expect(refused).toHaveLength(1);
  expect(suspended.refused + own).toBe(answers.length);
  expect(suspended.to - suspended.from).toBeGreaterThan(0);
  expect(await leash.verifyChain()).toMatchObject({ code: 0 });
}, 60_000);

it('ends what runs with its last record where there is room for it, without its copies', async () => {
  const running = run('curl', [
    ...['-sS', '-N', '--max-time', '20', '--proxy', leash.proxyUrl],
    `${origin.url}/sse?n=40&every=50`,
  ]);
  await waitFor(() => origin.requests.find(({ url }) => url.includes('n=40')), {
    what: 'the stream at the origin',
  });
  const [segment = ''] = await segmentFiles(leash.logPath);
  await limitFiles((await stat(segment)).size + 10);
  expect(await get()).toMatch(/^HTTP\/1\.1 503 /);
  // Room for its last record and no more: the reserve is larger than what a file may be.
  await limitFiles((await stat(segment)).size + 100_000);
  const { code, stdout } = await running;
  expect({ code, events: stdout.match(/^data: /gm)?.length }).toEqual({ code: 0, events: 40 });
  const ended = await leash.waitForRecords(
    ({ event, url }) => event === 'allowed' && /n=40/.test(url),
  );
  expect(ended).toMatchObject({ status: 200, res_truncated: 'record_full' });
  expect(ended.bytes).toBeGreaterThan(40 * 6);
  expect(ended.res_body).toBeUndefined();
  expect(await get()).toMatch(/^HTTP\/1\.1 503 /);
  await limitFiles('unlimited');
  await waitFor(async () => (await get()).startsWith('HTTP/1.1 200 '), { what: 'forwarding' });
}, 60_000);

it('cuts off what runs when not even its last record has room, and records that when there is', async () => {
  const running = run('curl', [
    ...['-sS', '-N', '--max-time', '20', '--proxy', leash.proxyUrl],
    `${origin.url}/sse?n=400&every=50&cut`,
  ]);
  const short = run('curl', [
    ...['-sS', '-N', '--max-time', '20', '--proxy', leash.proxyUrl],
    `${origin.url}/sse?n=10&every=50&ends`,
  ]);
  await waitFor(() => origin.requests.filter(({ url }) => /cut|ends/.test(url)).length === 2, {
    what: 'the streams at the origin',
  });
  const [segment = ''] = await segmentFiles(leash.logPath);
  await limitFiles((await stat(segment)).size + 10);
  expect(await get()).toMatch(/^HTTP\/1\.1 503 /);
  expect((await short).code).toBe(0);
  expect((await running).code).toBe(18);
  await limitFiles('unlimited');
  const cut = await leash.waitForRecords(({ event, url }) => event === 'error' && /cut/.test(url));
  expect(cut.reason).toBe('record: cannot be written');
  await leash.waitForRecords(({ event, url }) => event === 'allowed' && /ends/.test(url));
  await waitFor(async () => (await get()).startsWith('HTTP/1.1 200 '), { what: 'forwarding' });
  expect(await leash.verifyChain()).toMatchObject({ code: 0 });
}, 60_000);
