// Changes by the API and the command line: in force at every worker when they return, on the record
// with who made them.

import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectThrough, readUntil } from '../support/raw.ts';
import { run } from '../support/run-client.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { waitFor } from '../support/wait-for.ts';

const LEASHCTL = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));

let origin: Origin;
let leash: Leash;
let token: string;

beforeAll(async () => {
  origin = await startOrigin();
  leash = await startLeash({ workers: 2, policy: { ...LOOPBACK_POLICY, mode: 'enforce\n' } });
  token = (await readFile(join(leash.stateDir, 'private/viewer-token'), 'utf8')).trim();
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});
beforeEach(async () => {
  origin.requests.length = 0;
});

// biome-ignore lint/suspicious/noExplicitAny: a test reads any member and asserts its value
type Answer = { status: number; body: any };
type Policy = { readonly problems: readonly unknown[] };

async function call(method: string, path: string, body: unknown, bearer = token): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
  const response = await fetch(`${leash.viewerUrl}${path}`, {
    method,
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const add = (spec: object) => call('POST', '/api/policy/enforce/add', spec);
const remove = (spec: object) => call('POST', '/api/policy/enforce/remove', spec);
const entry = () => ({ host: '127.0.0.1', port: origin.port });
const get = async () => {
  const args = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '--proxy', leash.proxyUrl];
  return (await run('curl', [...args, `${origin.url}/status/200`])).stdout;
};

describe('a change by the API', () => {
  it('B-08 returns when all workers have it, and nothing that it denies is forwarded after it', async () => {
    expect(await get()).toBe('403');
    const added = await add(entry());
    expect(added).toMatchObject({
      status: 200,
      body: { ok: true, changed: true, in_force: true, pending: [] },
    });
    expect(await Promise.all(Array.from({ length: 8 }, get))).toEqual(Array(8).fill('200'));

    // A stream, a silent tunnel, and requests all the time while the host is removed.
    const host = `127.0.0.1:${origin.port}`;
    const { socket: stream } = await connectThrough(leash.proxyPort, host);
    stream.write(`GET /sse?n=1000&every=50 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await readUntil(stream, { until: (text) => text.includes('"n":1') });
    const { socket: silent } = await connectThrough(leash.proxyPort, host);
    let running = true;
    const asking = Promise.all(
      [1, 2, 3].map(async () => {
        while (running) await get();
      }),
    );
    await waitFor(() => origin.requests.length > 5, { what: 'requests to pass' });
    const removed = await remove(entry());
    const returnedMs = Date.now();
    expect(removed).toMatchObject({ status: 200, body: { pending: [] } });
    const passed = origin.requests.length;
    await Promise.all([stream, silent].map((socket) => readUntil(socket)));
    expect(Date.now() - returnedMs).toBeLessThan(1000);
    for (let n = 0; n < 8; n += 1) expect(await get()).toBe('403');
    running = false;
    await asking;
    expect(origin.requests).toHaveLength(passed);

    const records = await leash.records();
    const change = records.filter(({ event }) => event === 'policy_change').at(-1);
    expect(change).toMatchObject({
      file: 'enforce.yaml',
      version: removed.body.version,
      actor: 'viewer 127.0.0.1',
      diff: expect.arrayContaining(['- allow:', '+ allow: []']),
    });
    // Each intent behind the change on the log was decided under it, so none of them is for this host.
    const later = records.filter(
      ({ event, seq }) => event === 'intent' && seq > (change?.seq ?? 0),
    );
    expect(later).toEqual([]);
    const revoked = records.filter(({ event }) => event === 'revoked');
    expect(revoked.map(({ method }) => method)).toEqual(expect.arrayContaining(['GET', 'CONNECT']));
  });

  it('B-08 the same for the mode, which is on the record with who changed it', async () => {
    const loose = await call('PUT', '/api/mode', { mode: 'audit' });
    expect(loose).toMatchObject({ status: 200, body: { ok: true, policy: { mode: 'audit' } } });
    const { socket } = await connectThrough(leash.proxyPort, `127.0.0.1:${origin.port}`);
    expect(await call('POST', '/api/mode', { mode: 'enforce' })).toMatchObject({ status: 200 });
    expect(await readUntil(socket)).toBe('');
    const change = (await leash.records()).filter(({ event }) => event === 'mode_change').at(-1);
    expect(change).toMatchObject({ previous: 'audit', mode: 'enforce', actor: 'viewer 127.0.0.1' });
    expect(await call('PUT', '/api/mode', { mode: 'enforce' })).toMatchObject({
      body: { changed: false },
    });
  });

  it('an edit by hand has no actor, whatever note lies about', async () => {
    await leash.writePolicy({ 'blocklist.yaml': 'block: [by-hand.test]\n' });
    const change = await leash.waitForRecords(
      ({ event, file }) => event === 'policy_change' && file === 'blocklist.yaml',
    );
    expect(change.actor).toBeUndefined();
    expect(change.diff).toEqual(['+ block: [by-hand.test]']);
  });

  it.each([
    [{ host: '*' }, 'would match every host'],
    [{ host: 'A.test' }, 'write \\"a.test\\"'],
    [{ host: 'a.test', port: 0 }, 'port must be 1-65535'],
    [{ host: 'a.test', scope: 'path' }, 'needs a method or a prefix'],
    [{ hots: 'a.test' }, 'unknown member'],
    ['not json', 'must be a JSON object'],
  ])('that is wrong changes nothing and says why: %j', async (spec, problem) => {
    const file = join(leash.policyDir, 'enforce.yaml');
    const before = await readFile(file, 'utf8');
    const { status, body } = await call('POST', '/api/policy/enforce/add', spec);
    expect({ status, ok: body.ok }).toEqual({ status: 400, ok: false });
    expect(JSON.stringify(body.error)).toContain(problem);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('removes by the name in any spelling, and takes no condition that it would ignore', async () => {
    await add({ host: 'spelled.test' });
    expect(await remove({ host: 'Spelled.TEST.' })).toMatchObject({ body: { changed: true } });
    expect(await remove({ host: 'spelled.test', agents: ['ci'] })).toMatchObject({ status: 400 });
  });

  it.each([
    ['emptied', () => leash.writePolicy({ 'blocklist.yaml': '' })],
    ['cut off', () => leash.writePolicy({ 'blocklist.yaml': 'block:\n  - kept.test\n  - ano' })],
    ['deleted', () => rm(join(leash.policyDir, 'blocklist.yaml'))],
  ])('does not build on a file that was %s, and what is in force stays', async (_what, damage) => {
    const list = 'block:\n  - kept.test\n  - another.test\n';
    await leash.writePolicy({ 'blocklist.yaml': list });
    const policy = async () =>
      (await fetch(`${leash.viewerUrl}/api/policy`)).json() as never as Policy;
    await waitFor(async () => (await policy()).problems.length === 0, { what: 'the list' });
    await damage();
    await waitFor(async () => (await policy()).problems.length === 1, { what: 'the problem' });
    const answer = await call('POST', '/api/policy/blocklist/add', { host: 'new.test' });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(/not in force|cut off/);
    await leash.writePolicy({ 'blocklist.yaml': list });
    await waitFor(async () => (await policy()).problems.length === 0, { what: 'the list' });
  });

  it('of a long list is worked out in a thread, and comes into force', async () => {
    const file = join(leash.policyDir, 'blocklist.yaml');
    const text = `block:\n${Array.from({ length: 2000 }, (_, n) => `  - host-${n}.test # ${n}\n`).join('')}`;
    const replaced = await call('POST', '/api/policy/replace', { file: 'blocklist.yaml', text });
    expect(replaced).toMatchObject({ status: 200, body: { changed: true, in_force: true } });
    const spec = { host: 'host-1000.test' };
    const tried = await call('POST', '/api/policy/blocklist/remove', { ...spec, dry_run: true });
    expect(tried.body).toMatchObject({ changed: true, effect: { mode: 'blocklist' } });
    expect(tried.body.diff).toContain('-  - host-1000.test # 1000');
    const removed = await call('POST', '/api/policy/blocklist/remove', spec);
    expect(await readFile(file, 'utf8')).toBe(text.replace('  - host-1000.test # 1000\n', ''));
    const undone = await call('POST', '/api/policy/undo', removed.body.undo);
    expect(undone).toMatchObject({ status: 200, body: { in_force: true } });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('keeps the rights of the file, and is refused without the token', async () => {
    const file = join(leash.policyDir, 'enforce.yaml');
    const { mode } = await stat(file);
    await add({ host: 'rights.test' });
    expect((await stat(file)).mode).toBe(mode);
    const text = await readFile(file, 'utf8');
    const answer = await call('POST', '/api/policy/enforce/add', { host: 'x.test' }, 'wrong');
    // No Origin vouches for it, and neither does the token.
    expect(answer.status).toBe(403);
    expect(await readFile(file, 'utf8')).toBe(text);
  });
});

describe('leashctl mode', () => {
  const leashctl = (...args: string[]) =>
    run(process.execPath, [LEASHCTL, ...args], {
      env: { LEASH_STATE_DIR: leash.stateDir, LEASH_DIR: leash.policyDir },
    });

  it('prints the mode, and sets it at all workers before it returns', async () => {
    expect((await leashctl('mode')).stdout).toBe('enforce\n');
    const set = await leashctl('mode', 'audit');
    expect(set).toMatchObject({ code: 0, stderr: '' });
    expect(set.stdout).toMatch(/^mode audit is in force, policy version \d+\n$/);
    expect(await get()).toBe('200');
    await leashctl('mode', 'enforce');
    expect(await get()).toBe('403');
    const change = (await leash.records()).filter(({ event }) => event === 'mode_change').at(-1);
    expect(change?.actor).toMatch(/^leashctl \S+$/);
  });

  it('refuses what is no mode', async () => {
    const { code, stderr } = await leashctl('mode', 'off');
    expect(code).toBe(2);
    expect(stderr).toContain('mode takes enforce|audit|blocklist, got "off"');
  });
});

describe('/metrics', () => {
  it('counts records by event, for whoever may read the record', async () => {
    const response = await fetch(`${leash.viewerUrl}/metrics`);
    const text = await response.text();
    expect(text).toMatch(/^leash_up 1$/m);
    expect(text).toMatch(/^leash_records_total\{event="uninspected"\} 0$/m);
    const blocked = Number(/^leash_records_total\{event="blocked"\} (\d+)$/m.exec(text)?.[1]);
    expect(blocked).toBeGreaterThan(5);
    expect(text).not.toContain('127.0.0.1');
  });
});
