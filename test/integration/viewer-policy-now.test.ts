// What the routes say of requests under the policy of now while one of its files is wrong or cannot be
// written, and of a request that was refused for its address: all of them the same.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
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
const post = (path: string, json: unknown) =>
  viewer.ask(path, { method: 'POST', json, headers: viewer.pageHeaders() });
const add = (json: object) => post('/api/policy/enforce/add', json);

const request = (host: string, path: string, facts: object = {}): Entry => ({
  event: 'allowed',
  id: '1-1-1',
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
const LOG = [request('new.test', '/')];

describe('while a file is wrong', () => {
  const options = () => viewer.ask('/api/policy/options?host=a.test&port=443&url=https://a.test/');
  const why = () => viewer.ask('/api/logs/1-1-1/why');
  const trial = (json: object) => post('/api/policy/blocklist/add', { ...json, dry_run: true });

  beforeEach(() => writeLog(viewer.logPath, LOG));

  it.each([
    ['broken', () => put('enforce.yaml', 'allow:\n  - "*"\n'), 'enforce.yaml:2: '],
    ['cut off', () => put('enforce.yaml', 'allow:\n  - a.te'), 'enforce.yaml:2: '],
    ['too long', () => put('enforce.yaml', '#'.repeat(10_000_001)), 'enforce.yaml:1: '],
    ['no text', () => writeFile(join(viewer.policyDir, 'enforce.yaml'), Buffer.of(255)), ':1: '],
    ['not the file of the list', () => put('network.yaml', 'x: 1\n'), 'network.yaml:1: '],
  ])('that is %s, all answers say so and nothing is counted', async (_, spoil, place) => {
    await spoil();
    const wrong = { status: 409, json: { error: expect.stringContaining(place) } };
    expect(await options()).toMatchObject(wrong);
    expect(await viewer.ask('/api/backlog')).toMatchObject(wrong);
    expect(await viewer.ask('/api/policy/grants')).toMatchObject(wrong);
    const problem = expect.stringContaining(place);
    expect((await why()).json).toMatchObject({ now: null, changed: false, problem });
    const nothing = { problem, requests: 0, complete: false, searched_back_to: null };
    const tried = await trial({ host: 'new.test' });
    expect(tried).toMatchObject({ status: 200, json: { changed: true, effect: nothing } });
    const mode = await post('/api/mode', { mode: 'enforce', dry_run: true });
    expect(mode.json).toMatchObject({ changed: true, diff: ['-audit', '+enforce'] });
    expect(mode.json.effect).toMatchObject(nothing);
    // What is right can still be changed.
    expect((await post('/api/policy/blocklist/add', { host: 'new.test' })).status).toBe(202);
    expect(await readFile(join(viewer.policyDir, 'blocklist.yaml'), 'utf8')).toContain('new.test');
  });

  it('it can be mended by its whole text, and is no ground for an entry', async () => {
    await put('enforce.yaml', 'allow:\n  - a.te');
    const entry = await add({ host: 'b.test', dry_run: true });
    expect(entry.status).toBe(400);
    expect(entry.json.error).toBe('enforce.yaml: it was cut off: mend it first');
    const whole = { file: 'enforce.yaml', text: ENFORCE };
    const tried = await post('/api/policy/replace', { ...whole, dry_run: true });
    expect(tried.json).toMatchObject({ changed: true, effect: { requests: 0 } });
    expect(tried.json.effect.problem).toContain('as if it was cut off');
    expect((await post('/api/policy/replace', whole)).json).toMatchObject({ changed: true });
    expect((await options()).json).toMatchObject({ allow: { passes: true } });
  });

  it('one that is too long is not written over', async () => {
    const long = '#'.repeat(10_000_001);
    await put('enforce.yaml', long);
    const answer = await post('/api/policy/replace', { file: 'enforce.yaml', text: ENFORCE });
    expect(answer.status).toBe(500);
    expect(answer.json.error).toContain(
      'enforce.yaml: Cannot read policy file: it must be at most',
    );
    expect(await enforce()).toBe(long);
  });
});

describe('a folder that cannot be written', () => {
  it('is no mistake of who asks: 500, with its text', async () => {
    // No user, root included, puts a file where the note's name is taken by a folder.
    await mkdir(join(viewer.policyDir, '.enforce.yaml.note', 'x'), { recursive: true });
    const answer = await add({ host: 'new.test' });
    expect(answer).toMatchObject({ status: 500, json: { ok: false } });
    expect(answer.json.error).toMatch(/^Cannot write enforce\.yaml in .+: E[A-Z]+$/);
    expect(await enforce()).toBe(ENFORCE);
  });
});

describe('a request that was refused for its address', () => {
  const refused = { event: 'blocked', audit: undefined, reason: 'address_not_allowed' } as const;
  const answers = async () => {
    const ask =
      'host=a.test&port=443&method=GET&url=https://a.test/&class=blocked&reason=address_not_allowed';
    const { allow } = (await viewer.ask(`/api/policy/options?${ask}`)).json;
    const { now, changed, note } = (await viewer.ask('/api/logs/1-1-1/why')).json;
    expect(note).toContain('not asked again');
    return { options: allow.passes, why: now.allow, reason: now.reason, changed };
  };

  it('does not pass because its name is listed: options, why and backlog agree', async () => {
    await put('mode', 'enforce\n');
    await writeLog(viewer.logPath, [request('a.test', '/', refused)]);
    const closed = { options: false, why: false, reason: 'address_not_allowed', changed: false };
    expect(await answers()).toEqual(closed);
    expect((await viewer.ask('/api/backlog')).json).toMatchObject({ rows: 0, solved: 0 });
    await put('enforce.yaml', 'allow: [{host: a.test, private: true}]\n');
    expect(await answers()).toEqual({ options: true, why: true, reason: 'rule', changed: true });
  });
});
