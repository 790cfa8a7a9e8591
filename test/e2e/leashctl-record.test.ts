// The verbs that read the record: beside a leash that runs, and over the rotation of its segments.

import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { harProblems } from '../support/check-har.ts';
import { LEASHCTL } from '../support/policy-stage.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { waitFor } from '../support/wait-for.ts';

const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

let leash: Leash;
let origin: Origin;
let env: Record<string, string>;
const leashctl = (args: readonly string[], more: Record<string, string> = {}): Promise<RunResult> =>
  run(process.execPath, [LEASHCTL, ...args], { env: { ...env, ...more } });
const get = (path: string, ...args: string[]) =>
  run('curl', [
    '-sS',
    '--proxy',
    leash.proxyUrl,
    `http://127.0.0.1:${origin.port}${path}`,
    ...args,
  ]);

beforeAll(async () => {
  origin = await startOrigin();
  leash = await startLeash({ env: { LEASH_ROTATE_MB: '1', LEASH_VIEWER: 'on' } });
  env = {
    LEASH_STATE_DIR: leash.stateDir,
    LEASH_DIR: leash.policyDir,
    LOG_PATH: leash.logPath,
    TZ: 'Asia/Tokyo',
  };
  await get('/status/204');
  await get('/echo', '-H', 'Authorization: Bearer secret-of-curl', '-d', 'body-of-curl');
  await run('curl', ['-sS', '--proxy', leash.proxyUrl, 'http://10.1.2.3/blocked']);
  await leash.waitForRecords(({ event }) => event === 'blocked');
});
afterAll(async () => {
  await leash.close();
  await origin.close();
});

describe('leashctl search', () => {
  it('prints a row a line, newest first, with nothing but text in a pipe', async () => {
    const { code, stdout, stderr } = await leashctl(['search', 'class:would_block,blocked']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 1-1-\d+ +BLOCKED +127\.0\.0\.1 .*GET +http:\/\/10\.1\.2\.3\/blocked {2}address_not_allowed$/,
    );
    expect(lines[1]).toMatch(/would-block .* 200 +12 .*POST +http:\/\/127\.0\.0\.1:\d+\/echo$/);
    expect(stdout).not.toMatch(CONTROLS);
  });

  it('takes the words of the viewer’s search box, and JSON rows as its API has them', async () => {
    const { code, stdout } = await leashctl(['search', '-method:GET', 'body:body-of', '--json']);
    expect(code).toBe(0);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const token = (await leashctl(['token'])).stdout.trim();
    const q = encodeURIComponent('-method:GET body:body-of');
    const api = await fetch(`${leash.viewerUrl}/api/logs?q=${q}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect({ rows }).toEqual({ rows: ((await api.json()) as { rows: unknown }).rows });
    expect(rows).toHaveLength(1);
  });

  it('exits with 3 where nothing is found, and with 2 where the query is none', async () => {
    expect(await leashctl(['search', 'host:nobody.test'])).toMatchObject({
      code: 3,
      stdout: '',
      stderr: '',
    });
    const wrong = await leashctl(['search', 'status:many']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^leashctl: status: takes 200, 4xx or >=400/);
    expect((await leashctl(['search', 'a', '--limit', '0'])).code).toBe(2);
  });

  it('--limit takes the newest', async () => {
    const { stdout } = await leashctl(['search', '--limit', '1', 'is:internet,', 'class:blocked']);
    expect(stdout).toBe('');
    const one = await leashctl(['search', 'client:127.*', '--limit=1']);
    expect(one.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(one.stdout).toContain('10.1.2.3');
  });

  it('colours on a terminal, fits its width, and obeys NO_COLOR', async () => {
    const terminal = async (columns: number, more: Record<string, string> = {}) => {
      const command = `stty cols ${columns}; ${process.execPath} ${LEASHCTL} search client:127.*`;
      const result = await run('script', ['-qec', command, '/dev/null'], {
        env: { ...env, TERM: 'xterm', ...more },
      });
      return result.stdout.replaceAll('\r\n', '\n');
    };
    const coloured = await terminal(80);
    expect(coloured).toContain('\x1b[31mBLOCKED');
    const plain = await terminal(80, { NO_COLOR: '1' });
    expect(plain).not.toContain('\x1b');
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(plain);
    for (const line of plain.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(await terminal(200, { NO_COLOR: '1' })).toMatch(/Z 1-1-\d+ /);
  });

  it('ends without a word when nobody reads on', async () => {
    const script = `${process.execPath} ${LEASHCTL} search client:127.* | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await run('bash', ['-c', script], { env });
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toEqual([expect.stringContaining('BLOCKED'), '0']);
  });
});

describe('leashctl show', () => {
  const idOf = async (query: string) =>
    JSON.parse((await leashctl(['search', query, '--json'])).stdout.split('\n')[0] ?? '');

  it('shows headers and bodies of a request, credentials hidden unless asked for', async () => {
    const { id, at } = await idOf('method:POST');
    const { code, stdout, stderr } = await leashctl(['show', id]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^request +POST http:\/\/127\.0\.0\.1:\d+\/echo$/m);
    expect(stdout).toMatch(/^Request\n/m);
    expect(stdout).toMatch(/^Authorization: Bearer \[hidden: 14 characters\]$/m);
    expect(stdout).toContain('body-of-curl');
    expect(stdout).not.toContain('secret-of-curl');
    expect((await leashctl(['show', at])).stdout).toBe(stdout);
    const plain = await leashctl(['show', id, '--plain-secrets']);
    expect(plain.stdout).toContain('Bearer secret-of-curl');
    const flow = JSON.parse((await leashctl(['show', id, '--json'])).stdout);
    expect(flow).toMatchObject({ row: { id, at }, redacted: true, complete: true });
    expect(flow.response.body.text).toBe('body-of-curl');
  });

  it.each(['9-9-9', '*', '1-1-*', '0:99', '\x1b[31m'])(
    '%j is not there: exit code 3',
    async (id) => {
      const { code, stdout, stderr } = await leashctl(['show', id]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(/^leashctl: there is no record [\x20-\x7e]+ in the log\n$/);
    },
  );
});

describe('leashctl export', () => {
  it('--jsonl gives the lines of the record, byte for byte', async () => {
    const { code, output, stderr } = await leashctl(['export', '--jsonl', 'class:blocked']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const log = await readFile(leash.logPath);
    expect(log.includes(output)).toBe(true);
    expect(output.toString()).toMatch(/^\{"seq":\d+,.*"event":"blocked".*\}\n$/);
  });

  it('--har gives an archive without credentials', async () => {
    const { code, stdout, stderr } = await leashctl(['export', '--har', 'method:POST']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(harProblems(JSON.parse(stdout))).toEqual([]);
    expect(stdout).toContain('body-of-curl');
    expect(stdout).not.toContain('secret-of-curl');
    const cut = await leashctl(['export', '--har', '--limit', '1']);
    expect(cut).toMatchObject({ code: 0 });
    expect(cut.stderr).toMatch(/^leashctl: cut at 1 records/);
  });

  it('wants to know which', async () => {
    for (const args of [['export'], ['export', '--har', '--jsonl']]) {
      expect(await leashctl(args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: 'leashctl: export takes --har or --jsonl\n',
      });
    }
  });
});

describe('leashctl tail', () => {
  it('prints the newest, oldest on top', async () => {
    const { code, stdout } = await leashctl(['tail', '-n', '2', 'client:127.*']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('/echo');
    expect(lines[1]).toContain('/blocked');
  });

  it('-f follows through the rotation of segments, tells each once, and ends with Ctrl-C', async () => {
    const child = spawn(process.execPath, [LEASHCTL, 'tail', '-f', '-n', '1', 'url:*/bytes/*'], {
      env: { ...env, PATH: process.env.PATH },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      const first = async () => {
        await get('/bytes/7', '-o', '/dev/null');
        return stdout.includes('/bytes/7');
      };
      await waitFor(first, { what: 'tail to follow', timeoutMs: 10_000 });
      const segments = async () =>
        (await readdir(dirname(leash.logPath))).filter((name) => /\.\d+\.jsonl/.test(name)).length;
      const before = await segments();
      for (let n = 1; n <= 4; n += 1) {
        await get(`/bytes/${n}?turn=${n}`, '-o', '/dev/null');
        // Bodies that are recorded fill a segment.
        await get('/echo', '-d', 'x'.repeat(100_000), '-o', '/dev/null');
        for (let more = 0; more < 4; more += 1) {
          await get('/echo', '-d', 'y'.repeat(100_000), '-o', '/dev/null');
        }
      }
      await waitFor(() => stdout.includes('turn=4'), { what: 'the last row', timeoutMs: 10_000 });
      expect(await segments()).toBeGreaterThan(before);
      child.kill('SIGINT');
      expect(await ended).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
    expect(stderr).toBe('');
    const turns = [...stdout.matchAll(/turn=(\d)/g)].map((match) => match[1]);
    expect(turns).toEqual(['1', '2', '3', '4']);
  });
});
