// The routes that try, make and undo changes of the policy, and show the backlog and the history: over
// files and a log on disk, without a leash that runs.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startViewer, type TestViewer } from '../support/start-viewer.ts';
import { type Entry, writeLog } from '../support/write-log.ts';

const ENFORCE = '# mine\nallow:\n  - a.test   # first\n  - {host: b.test, ports: [8443]}\n';

let viewer: TestViewer;
beforeEach(async () => {
  viewer = await startViewer();
  await put('mode', 'audit\n');
  await put('enforce.yaml', ENFORCE);
  await put('agents.yaml', 'agent_networks: [10.0.0.0/8]\n');
});
afterEach(async () => {
  expect(viewer.errors).toEqual([]);
  await viewer.close();
});

const put = (name: string, text: string) => writeFile(join(viewer.policyDir, name), text);
const enforce = () => readFile(join(viewer.policyDir, 'enforce.yaml'), 'utf8');
const post = (path: string, json: unknown, headers = {}) =>
  viewer.ask(path, { method: 'POST', json, headers: { ...viewer.pageHeaders(), ...headers } });
const add = (json: object, headers = {}) => post('/api/policy/enforce/add', json, headers);
const etag = async () => (await viewer.ask('/api/policy')).json.etags['enforce.yaml'];

const request = (host: string, path: string, facts: object = {}): Entry => ({
  event: 'allowed',
  id: `1-1-${path.length}`,
  client: '127.0.0.5',
  host,
  port: 443,
  method: 'GET',
  url: `https://${host}${path}`,
  status: 200,
  bytes: 10,
  audit: 'would_block_in_enforce',
  ...facts,
});
const LOG: readonly Entry[] = [
  request('new.test', '/v1/items/1'),
  request('new.test', '/v1/items/2', { agent: 'ci', status: 404 }),
  request('new.test', '/v2/x'),
  request('a.test', '/', { audit: undefined }),
  {
    event: 'blocked',
    id: '1-1-9',
    client: '127.0.0.6',
    host: 'new.test',
    port: 443,
    method: 'CONNECT',
    url: 'new.test:443',
    stage: 'connect',
    reason: 'not_in_allowlist',
  },
];

describe('a trial', () => {
  it('says diff and effect, and changes nothing: no file, no note', async () => {
    await writeLog(viewer.logPath, LOG);
    const names = await readdir(viewer.policyDir);
    const answer = await add({ host: 'new.test', scope: 'path', prefix: '/v1/', dry_run: true });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      ok: true,
      dry_run: true,
      changed: true,
      etag: await etag(),
    });
    expect(answer.json.diff).toContain('+  - host: new.test');
    expect(answer.json.effect).toMatchObject({
      newly_allowed: { requests: 3, agents: 3, hosts: 1 },
      newly_blocked: { requests: 0, agents: 0, hosts: 0 },
      mode: 'enforce',
      window_s: 86_400,
      complete: true,
    });
    expect(await enforce()).toBe(ENFORCE);
    expect(await readdir(viewer.policyDir)).toEqual(names);
  });

  it('counts what a removal would block, and several entries as one change', async () => {
    await writeLog(viewer.logPath, LOG);
    const remove = { host: 'a.test', line: 3, dry_run: true };
    const removed = await post('/api/policy/enforce/remove', remove);
    expect(removed.json.effect.newly_blocked).toMatchObject({ requests: 1, top_hosts: ['a.test'] });
    expect(removed.json.diff).toContain('-  - a.test   # first');
    const many = await add({ entries: [{ host: 'new.test' }, { host: 'c.test' }], dry_run: true });
    expect(many.json.effect.newly_allowed.requests).toBe(4);
  });

  it('of a mode counts what would pass then', async () => {
    await writeLog(viewer.logPath, LOG);
    await put('mode', 'enforce\n');
    const { json } = await post('/api/mode', { mode: 'audit', dry_run: true });
    expect(json.effect.newly_allowed.requests).toBe(4);
    expect(await readFile(join(viewer.policyDir, 'mode'), 'utf8')).toBe('enforce\n');
  });

  it.each([
    [{ host: 'x.test', dry_run: 1 }, 'dry_run must be'],
    [{ host: 'x.test', etag: 'x' }, 'etag must be'],
    [{ host: 'x.test', window_s: 1 }, 'window_s must be'],
    [{ entries: [] }, 'entries must be'],
    [{ entries: [{ host: 'x.test' }], host: 'y.test' }, 'entries stands alone'],
    [{ entries: ['x.test'] }, 'must be a JSON object'],
    [{ host: '*', dry_run: true }, 'would match every host'],
  ])('that is wrong says why: %j', async (body, problem) => {
    const answer = await add(body);
    expect(answer.status).toBe(400);
    expect(answer.json.error).toContain(problem);
    expect(await enforce()).toBe(ENFORCE);
  });
});

describe('a change for one text of the file', () => {
  it('is made where the file is that text, and refused with 412 where it is another one', async () => {
    const old = await etag();
    const made = await add({ host: 'new.test', etag: old });
    expect(made.json).toMatchObject({ ok: true, changed: true, undo: { to: old } });
    expect(await enforce()).toBe(`${ENFORCE}  - new.test\n`);
    expect(made.json.etag).toBe(await etag());
    const stale = await add({ host: 'more.test' }, { 'if-match': `"${old}"` });
    expect(stale).toMatchObject({ status: 412, json: { ok: false } });
    expect(stale.json.error).toBe('enforce.yaml: it changed meanwhile: look at it again');
    const trial = await add({ host: 'more.test', etag: old, dry_run: true });
    expect(trial.status).toBe(412);
  });

  it('leaves a note that names who made it', async () => {
    await add({ host: 'new.test' });
    const note = JSON.parse(await readFile(join(viewer.policyDir, '.enforce.yaml.note'), 'utf8'));
    expect(note).toMatchObject({ actor: 'viewer 127.0.0.1', sha256: await etag() });
  });
});

describe('undo', () => {
  it('gives the text back byte for byte, once, and only while the file is what the change made', async () => {
    const { undo } = (await add({ host: 'new.test' })).json;
    expect((await post('/api/policy/undo', undo)).json).toMatchObject({ ok: true, changed: true });
    expect(await enforce()).toBe(ENFORCE);
    expect((await post('/api/policy/undo', undo)).status).toBe(412);
    const second = (await add({ host: 'new.test' })).json.undo;
    await put('enforce.yaml', `${ENFORCE}  - by-hand.test\n`);
    expect((await post('/api/policy/undo', second)).status).toBe(412);
    expect(await enforce()).toContain('by-hand.test');
  });

  it('after a restart takes the lines of the record, or says that it cannot', async () => {
    const { undo } = (await add({ host: 'new.test' })).json;
    const change = {
      file: 'enforce.yaml',
      version: 2,
      sha256: undo.etag,
      actor: 'viewer 127.0.0.1',
    };
    await viewer.close();
    const policyDir = await enforceElsewhere(`${ENFORCE}  - new.test\n`);
    const unknown = await post('/api/policy/undo', { ...undo, to: '0'.repeat(64) });
    expect(unknown).toMatchObject({ status: 400 });
    expect(unknown.json.error).toContain('not known any more');
    await writeLog(viewer.logPath, [
      { event: 'policy_change', ...change, diff: ['+   - new.test'] },
    ]);
    expect((await post('/api/policy/undo', undo)).json).toMatchObject({ ok: true, changed: true });
    expect(await readFile(join(policyDir, 'enforce.yaml'), 'utf8')).toBe(ENFORCE);
  });

  async function enforceElsewhere(text: string): Promise<string> {
    viewer = await startViewer();
    await put('mode', 'audit\n');
    await put('agents.yaml', 'agent_networks: [10.0.0.0/8]\n');
    await put('enforce.yaml', text);
    return viewer.policyDir;
  }
});

describe('/api/policy/replace', () => {
  const replace = (json: object) => post('/api/policy/replace', json);

  it('puts a whole text in place, and names each mistake by line and column', async () => {
    const wrong = await replace({ file: 'enforce.yaml', text: 'allow:\n  - A.test\n  - "*"\n' });
    expect(wrong.status).toBe(400);
    expect(wrong.json.problems).toMatchObject([
      { line: 2, column: 5 },
      { line: 3, column: 5 },
    ]);
    expect(await enforce()).toBe(ENFORCE);
    const text = 'allow: [z.test]\n';
    const good = await replace({ file: 'enforce.yaml', text, etag: await etag() });
    expect(good.json).toMatchObject({
      ok: true,
      changed: true,
      diff: expect.arrayContaining(['+allow: [z.test]']),
    });
    expect(await enforce()).toBe(text);
  });

  it('takes a whole list, and no file that is none of the policy', async () => {
    const long = `allow:\n${Array.from({ length: 100 }, (_, n) => `  - host-${n}.test\n`).join('')}`;
    expect((await replace({ file: 'enforce.yaml', text: long })).json).toMatchObject({ ok: true });
    for (const file of ['mode', '../x', 'notes.txt', 7]) {
      expect((await replace({ file, text: 'x' })).status).toBe(400);
    }
    expect((await replace({ file: 'enforce.yaml', text: 'allow:\n  - cut' })).status).toBe(400);
    expect((await replace({ file: 'enforce.yaml', text: '' })).status).toBe(400);
  });
});

describe('what is read', () => {
  it('/api/backlog groups what enforce would block, and drops what passes by now', async () => {
    await writeLog(viewer.logPath, LOG);
    const page = (await viewer.ask('/api/backlog?since=7d')).json;
    expect(page).toMatchObject({ rows: 4, solved: 0, overflow: 0, complete: true, cursor: null });
    expect(page.groups).toContainEqual(
      expect.objectContaining({
        host: 'new.test',
        agent: 'ci',
        prefix: '/v1/items/',
        count: 1,
        statuses: { '4xx': 1 },
      }),
    );
    await add({ host: 'new.test', scope: 'path', prefix: '/v1/' });
    const later = (await viewer.ask('/api/backlog')).json;
    // The tunnel that was refused would be opened by now.
    expect(later).toMatchObject({ rows: 1, solved: 3 });
    expect((await viewer.ask('/api/backlog?since=soon')).status).toBe(400);
    expect((await viewer.ask('/api/backlog?before=x')).status).toBe(400);
  });

  it('/api/policy/history gives the changes of the record, newest first, in pages', async () => {
    const change = { event: 'policy_change', file: 'enforce.yaml', sha256: 'ab' } as const;
    await writeLog(viewer.logPath, [
      { ...change, version: 2, actor: 'viewer 10.0.0.5', diff: ['+ x'] },
      {
        event: 'mode_change',
        previous: 'audit',
        mode: 'enforce',
        policy: 3,
        actor: 'leashctl root',
      },
      { event: 'policy_error', file: 'enforce.yaml', line: 3, column: 1, message: 'wrong' },
    ]);
    const first = (await viewer.ask('/api/policy/history?limit=2')).json;
    expect(first.entries).toMatchObject([
      { event: 'policy_error', line: 3, message: 'wrong' },
      { event: 'mode_change', previous: 'audit', mode: 'enforce', actor: 'leashctl root' },
    ]);
    const second = (await viewer.ask(`/api/policy/history?before=${first.cursor}`)).json;
    expect(second).toMatchObject({
      entries: [{ event: 'policy_change', actor: 'viewer 10.0.0.5', diff: ['+ x'], version: 2 }],
      cursor: null,
    });
  });

  it('/api/policy/options offers widths, and /api/policy/grants what ends by itself', async () => {
    const ask = 'host=www.a.test&port=443&method=GET&url=https://www.a.test/x/y';
    expect((await viewer.ask(`/api/policy/options?${ask}`)).json).toMatchObject({
      wider_hosts: ['a.test'],
      prefixes: ['/', '/x/', '/x/y'],
      allow: { passes: true, entry: { file: 'enforce.yaml', line: 3, host: 'a.test' } },
    });
    expect((await viewer.ask('/api/policy/options?host=')).status).toBe(400);
    await add({ host: 'new.test', expires: '2030-01-31', reason: 'trial' });
    expect((await viewer.ask('/api/policy/grants')).json.grants).toMatchObject([
      { file: 'enforce.yaml', host: 'new.test', list: 'allow', reason: 'trial' },
    ]);
  });
});

describe('/api/access', () => {
  it('says whether this viewer may change something, by the rules that a change is judged by', async () => {
    expect((await viewer.ask('/api/access')).json).toEqual({ may_change: true, reason: '' });
    await put('agents.yaml', 'agent_networks: []\n');
    const { json } = await viewer.ask('/api/access');
    expect(json.may_change).toBe(false);
    expect((await add({ host: 'x.test' })).json.error).toBe(json.reason);
  });
});
