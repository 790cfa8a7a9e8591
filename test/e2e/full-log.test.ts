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
  for (let n = 0; n < 6; n += 1) answers.push(await get());
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
  // The first one had its intent on the way when the log stopped, and so has a record of its own.
  const own = records.filter(({ reason }) => reason === 'audit_unavailable').length;
  const refused = (await leash.records()).filter(({ event }) => event === 'audit_suspended');
  expect(refused).toHaveLength(1);
  expect(suspended.refused + own).toBe(answers.length);
  expect(suspended.to - suspended.from).toBeGreaterThan(0);
  expect(await leash.verifyChain()).toMatchObject({ code: 0 });
}, 60_000);
