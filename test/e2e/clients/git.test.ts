// git through leash: a repository of 150 MB down and up over https, in bounded memory.

import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitRoutes } from '../../support/clients/git-routes.ts';
import { hashOfFile } from '../../support/clients/hash.ts';
import { needPrograms } from '../../support/clients/need-programs.ts';
import { seededBytes } from '../../support/clients/seeded-bytes.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { joinBytes } from '../../support/leash-records.ts';
import { peakMemory } from '../../support/process-memory.ts';

const FILES = 10;
const FILE_BYTES = 15_000_000;
const SIZE = FILES * FILE_BYTES;
/** Memory of primary and worker may grow by this much over a request of a few bytes. */
const GROWTH = 64 * 1024 * 1024;
/** For what git itself does with 150 MB, here and at the server. */
const TIMEOUT_MS = 60_000;
/** Nothing of this can be made smaller, and git shall not try. */
const AS_IT_IS = ['core.compression=0', 'core.bigFileThreshold=1m', 'pack.window=0'];

let stage: Stage;
let source: string;
let clone: string;
let settings: readonly string[];
let before: number[];

async function start(http2: boolean): Promise<void> {
  needPrograms({ git: 'git' });
  stage = await startStage({ http2, handler: gitRoutes });
  source = join(stage.dir, 'source');
  clone = join(stage.dir, 'clone');
  // HTTP/2 is what git takes by itself where it is offered.
  settings = http2 ? [] : ['-c', 'http.version=HTTP/1.1'];
  await makeRepository();
  for (const name of ['small.git', 'pushed.git']) await makeEmpty(join(stage.dir, name));
  await git(['ls-remote', `${stage.url}/small.git`]);
  before = peaks();
  expect(before).toHaveLength(2);
}

async function git(args: readonly string[], cwd = stage.dir): Promise<string> {
  const env = {
    ...stage.proxyEnv,
    GIT_SSL_CAINFO: stage.leash.caFile,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  };
  const all = [...settings, ...args];
  const { stdout } = await stage.client('git', all, { cwd, env, timeoutMs: TIMEOUT_MS });
  return stdout.trim();
}

async function makeRepository(): Promise<void> {
  await mkdir(source);
  for (let n = 0; n < FILES; n += 1) {
    await writeFile(join(source, `file-${n}`), seededBytes(n, FILE_BYTES));
  }
  const config = [...AS_IT_IS, 'user.name=test', 'user.email=test@origin.test'];
  const quick = config.flatMap((entry) => ['-c', entry]);
  await git(['init', '-q', '-b', 'main'], source);
  await git([...quick, 'add', '.'], source);
  await git([...quick, 'commit', '-q', '-m', '150 MB'], source);
}

async function makeEmpty(dir: string): Promise<void> {
  await git(['init', '-q', '--bare', '-b', 'main', dir]);
  await git(['config', 'http.receivepack', 'true'], dir);
  // The pack is kept as it came, so that its size can be compared.
  await git(['config', 'receive.unpackLimit', '1'], dir);
}

const peaks = () => [stage.leash.pid, ...stage.leash.workerPids()].map(peakMemory);

function expectSmall(): void {
  for (const [index, peak] of peaks().entries()) {
    expect(peak - (before[index] ?? 0)).toBeLessThanOrEqual(GROWTH);
  }
}

async function packSize(dir: string): Promise<number> {
  const folder = join(dir, 'objects', 'pack');
  const [pack = ''] = (await readdir(folder)).filter((name) => name.endsWith('.pack'));
  return (await stat(join(folder, pack))).size;
}

describe.each([
  { over: 'HTTP/1.1', http2: false, proto: 'h1', httpVersion: '1.1' },
  { over: 'HTTP/2', http2: true, proto: 'h2', httpVersion: '2.0' },
])('git over $over', ({ http2, proto, httpVersion }) => {
  beforeAll(() => start(http2));
  afterAll(() => stage.close());

  it('clones 150 MB with HTTPS_PROXY and GIT_SSL_CAINFO', async () => {
    await git(['clone', '-q', `${stage.url}/source/.git`, clone]);
    expect(await git(['rev-parse', 'HEAD'], clone)).toBe(await git(['rev-parse', 'HEAD'], source));
    for (let n = 0; n < FILES; n += 1) {
      const name = `file-${n}`;
      expect(await hashOfFile(join(clone, name))).toBe(await hashOfFile(join(source, name)));
    }

    const refs = `${stage.url}/source/.git/info/refs?service=git-upload-pack`;
    expect(await stage.outcome(refs)).toMatchObject({
      event: 'allowed',
      method: 'GET',
      status: 200,
    });
    // The first, short request asks which branches there are.
    const upload = `${stage.url}/source/.git/git-upload-pack`;
    const pack = await stage.outcome(upload, ({ bytes }) => bytes > SIZE);
    expect(pack).toMatchObject({
      event: 'allowed',
      proto,
      method: 'POST',
      host: 'origin.test',
      status: 200,
    });
    const seen = stage.origin.requests.at(-1);
    expect(seen?.httpVersion).toBe(httpVersion);
    // The pack in frames of up to 65520 bytes, five bytes each.
    const packed = await packSize(join(clone, '.git'));
    expect(packed).toBeGreaterThan(SIZE);
    expect(pack.bytes).toBeGreaterThan(packed);
    expect(pack.bytes).toBeLessThan(packed * 1.01);
    expectSmall();
  });

  it('pushes 150 MB, and the record has each byte of the pack in length and hash', async () => {
    await git(['push', '-q', `${stage.url}/pushed.git`, 'main'], clone);
    const pushed = join(stage.dir, 'pushed.git');
    expect(await git(['rev-parse', 'main'], pushed)).toBe(await git(['rev-parse', 'main'], source));

    // The first, short request finds out whether the server wants a password.
    const receive = `${stage.url}/pushed.git/git-receive-pack`;
    const outcome = await stage.outcome(receive, ({ req_bytes }) => req_bytes > SIZE);
    expect(outcome).toMatchObject({ event: 'allowed', proto, method: 'POST', status: 200 });
    const packed = await packSize(pushed);
    expect(packed).toBeGreaterThan(SIZE);
    // One line about the branch stands before the pack.
    expect(outcome.req_bytes).toBeGreaterThan(packed);
    expect(outcome.req_bytes).toBeLessThan(packed + 1000);
    const seen = stage.origin.requests.at(-1);
    expect(seen?.httpVersion).toBe(httpVersion);
    expect(outcome).toMatchObject({ req_bytes: seen?.bytes, req_sha256: seen?.sha256 });
    const copy = joinBytes(await stage.leash.records(), outcome, 'req');
    expect(copy.subarray(0, 200).toString('latin1')).toContain(' refs/heads/main');
    expectSmall();
  });
});
