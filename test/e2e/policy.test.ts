// A change of the policy files while requests run.

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Status } from '../../src/shared/status.ts';
import { run } from '../support/run-client.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { waitFor } from '../support/wait-for.ts';

let origin: Origin;
let leash: Leash;

beforeAll(async () => {
  origin = await startOrigin();
  leash = await startLeash({ workers: 2 });
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});
beforeEach(() => switchTo('audit'));

const get = async () => {
  const args = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '--proxy', leash.proxyUrl];
  return (await run('curl', [...args, `${origin.url}/status/200`])).stdout;
};

async function switchTo(mode: string): Promise<void> {
  const want = mode === 'enforce' ? '403' : '200';
  await leash.writePolicy({ mode: `${mode}\n` });
  await waitFor(async () => (await get()) === want, { what: `mode ${mode}` });
}

describe('a rename of a policy file', () => {
  it('is in force at all workers within 100 ms', async () => {
    const answers: { sentMs: number; status: string }[] = [];
    let changedMs = Number.POSITIVE_INFINITY;
    const ask = async () => {
      while (Date.now() < changedMs + 400) {
        const sentMs = Date.now();
        answers.push({ sentMs, status: await get() });
      }
    };
    const clients = [ask(), ask()];
    await waitFor(() => answers.length >= 4, { what: 'requests under the first policy' });
    const before = [...answers];
    await leash.writePolicy({ mode: 'enforce\n' });
    changedMs = Date.now();
    await Promise.all(clients);
    const after = answers.filter(({ sentMs }) => sentMs >= changedMs + 100);
    expect(new Set(before.map(({ status }) => status))).toEqual(new Set(['200']));
    expect(new Set(after.map(({ status }) => status))).toEqual(new Set(['403']));

    // The primary's word for it, also for a worker that no request came to meanwhile.
    const inForce = async () => {
      const status = JSON.parse(await readFile(`${leash.stateDir}/run/status.json`, 'utf8'));
      const { workers, policy } = status as Status;
      return workers.length === 2 && workers.every((worker) => worker.policy === policy?.version);
    };
    const elapsed: number[] = [];
    for (const mode of ['audit', 'enforce', 'audit', 'enforce']) {
      const startMs = Date.now();
      await leash.writePolicy({ mode: `${mode}\n` });
      const changed = async () => {
        const { policy } = JSON.parse(await readFile(`${leash.stateDir}/run/status.json`, 'utf8'));
        return policy.mode === mode && (await inForce());
      };
      await waitFor(changed, { what: `mode ${mode} at both workers`, everyMs: 2 });
      elapsed.push(Date.now() - startMs);
    }
    // The machine is shared: what one of four does, leash can do.
    expect(Math.min(...elapsed)).toBeLessThan(100);

    const refused = await waitFor(
      async () => {
        await Promise.all(Array.from({ length: 8 }, get));
        const blocked = (await leash.records()).filter(({ event }) => event === 'blocked');
        return new Set(blocked.map(({ worker }) => worker)).size === 2 && blocked;
      },
      { what: 'a refusal by each worker', timeoutMs: 15_000 },
    );
    expect(refused[0]).toMatchObject({ mode: 'enforce', reason: 'not_in_allowlist' });
    const changes = (await leash.records()).filter(({ event }) => event === 'mode_change');
    expect(changes.at(-1)).toMatchObject({ previous: 'audit', mode: 'enforce' });
  });

  it('that cannot be read changes nothing, and is told on the record and in the status', async () => {
    const text = 'block:\n  - host: "*."\n';
    await leash.writePolicy({ 'blocklist.yaml': text });
    const problem = await leash.waitForRecords(({ event }) => event === 'policy_error');
    expect(problem).toMatchObject({ file: 'blocklist.yaml', line: 2 });
    expect(await get()).toBe('200');
    const shown = async () => {
      const policy = await (await fetch(`${leash.viewerUrl}/api/policy`)).json();
      return (policy as { problems: unknown[] }).problems.length === 1;
    };
    await waitFor(shown, { what: 'the problem in the status' });
    const block = 'block:\n  - host: 127.0.0.1\n';
    await leash.writePolicy({ 'blocklist.yaml': block, mode: 'blocklist\n' });
    await waitFor(async () => (await get()) === '403', { what: 'the mended blocklist' });
    await leash.writePolicy({ 'blocklist.yaml': 'block: []\n' });
  });
});

describe('in relaxed mode', () => {
  it('a worker that does not wait for the log outlives changes of the policy', async () => {
    const relaxed = await startLeash({ env: { LEASH_AUDIT: 'relaxed' } });
    const pids = relaxed.workerPids();
    let running = true;
    const ask = async () => {
      const args = ['-sS', '-w', '%{http_code}', '-o', '/dev/null', '--proxy', relaxed.proxyUrl];
      let count = 0;
      for (; running; count += 1) {
        expect((await run('curl', [...args, `${origin.url}/status/200`])).stdout).toBe('200');
      }
      return count;
    };
    const clients = [ask(), ask(), ask(), ask()];
    for (let n = 0; n < 10; n += 1) {
      await relaxed.writePolicy({ 'blocklist.yaml': `block:\n  - host: n${n}.test\n` });
      await relaxed.waitForRecords(
        ({ event, version }) => event === 'policy_change' && version === n + 2,
      );
    }
    running = false;
    const asked = (await Promise.all(clients)).reduce((sum, count) => sum + count, 0);
    expect(relaxed.workerPids()).toEqual(pids);
    expect(await relaxed.stop()).toBe(0);
    const events = (await relaxed.records()).map(({ event }) => event);
    expect(events.filter((event) => event === 'intent')).toHaveLength(asked);
    expect(events.filter((event) => event === 'allowed')).toHaveLength(asked);
    await relaxed.close();
  });
});

describe('at the start', () => {
  /** One that is not ready may not listen yet, either. */
  const patient = ['--retry', '5', '--retry-connrefused'];
  const ask = async (bare: Leash) => {
    const args = ['-sS', '-i', ...patient, '--proxy', bare.proxyUrl, `${origin.url}/status/200`];
    return (await run('curl', args)).stdout;
  };

  it('an empty folder means that nothing passes', async () => {
    const bare = await startLeash({ policy: {} });
    expect(await ask(bare)).toMatch(/^HTTP\/1\.1 403 [\s\S]*reason=not_in_allowlist/);
    await bare.close();
  });

  it('a file with a mistake means that nothing passes, until it is mended', async () => {
    const policy = { ...LOOPBACK_POLICY, 'blocklist.yaml': 'block: 7\n' };
    const bare = await startLeash({ policy, until: 'listening' });
    try {
      expect(await ask(bare)).toMatch(/^HTTP\/1\.1 403 [\s\S]*reason=no_policy/);
      const notReady = await fetch(`${bare.viewerUrl}/readyz`);
      expect(notReady.status).toBe(503);
      await bare.writePolicy({ 'blocklist.yaml': '' });
      const passes = async () => (await ask(bare)).startsWith('HTTP/1.1 200');
      await waitFor(passes, { what: 'the mended policy' });
      await waitFor(async () => (await fetch(`${bare.viewerUrl}/readyz`)).ok, { what: 'ready' });
    } finally {
      await bare.close();
    }
  });
});
