// The processes of the built program: what ends one of them, what each end leaves on the record.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, portOf } from '../support/free-port.ts';
import type { LogRecord } from '../support/leash-records.ts';
import { childrenOf, isAlive } from '../support/process-tree.ts';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';
import { clientEnv, run } from '../support/run-client.ts';
import { type Leash, type LeashOptions, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/primary/main.js', import.meta.url));

let origin: Origin;
let running: Leash[] = [];

beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());
afterEach(async () => {
  for (const leash of running) await leash.close();
  running = [];
});

async function start(options: LeashOptions = {}): Promise<Leash> {
  const leash = await startLeash(options);
  running.push(leash);
  return leash;
}

/** What the program needs to start in a folder that is its own. */
async function environment(dir: string): Promise<Record<string, string>> {
  const [proxyPort, viewerPort] = await freePorts(2);
  return {
    LEASH_DIR: dir,
    LEASH_STATE_DIR: `${dir}/state`,
    LOG_PATH: `${dir}/logs/egress.jsonl`,
    LEASH_PROXY_PORT: String(proxyPort),
    PORT: String(viewerPort),
    LEASH_BIND: '127.0.0.1',
    LEASH_VIEWER_BIND: '127.0.0.1',
    LEASH_WORKERS: '1',
  };
}

const get = (leash: Leash) =>
  run('curl', ['-sS', '--proxy', leash.proxyUrl, `${origin.url}/status/200`]);

/** A stream of events through a tunnel that has begun to arrive. */
async function openStream(leash: Leash, query: string) {
  const host = `127.0.0.1:${origin.port}`;
  const { socket } = await connectThrough(leash.proxyPort, host);
  socket.write(`GET /sse?${query} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await readUntil(socket, { until: (text) => text.includes('"n":1') });
  return socket;
}

const withReason = (records: LogRecord[], reason: string) =>
  records.filter((record) => record.reason === reason).map(({ method }) => method);

describe('a worker that is killed', () => {
  it('costs its own exchanges, each with a record, and is replaced', async () => {
    const leash = await start({ workers: 1 });
    const stream = await openStream(leash, 'n=100&every=100');
    const [pid = 0] = leash.workerPids();
    process.kill(pid, 'SIGKILL');
    await readUntil(stream);
    const succeeded = waitFor(async () => (await get(leash)).code === 0, { what: 'a new worker' });
    expect(await succeeded).toBe(true);
    const records = await leash.records();
    expect(withReason(records, 'worker_exit')).toEqual(expect.arrayContaining(['CONNECT', 'GET']));
    expect(withReason(records, 'worker_exit')).toHaveLength(2);
    expect(leash.workerPids()).not.toContain(pid);
    expect(await leash.verifyChain()).toMatchObject({ code: 0 });
  });
});

describe('a worker without a free descriptor', () => {
  it('goes on, and serves again when clients let go', async () => {
    const leash = await start();
    const [pid = 0] = leash.workerPids();
    const open = readdirSync(`/proc/${pid}/fd`).length;
    await run('prlimit', ['--pid', String(pid), `--nofile=${open + 20}`]);
    const sockets = await Promise.all(
      Array.from({ length: 60 }, () => openSocket(leash.proxyPort)),
    );
    const used = () => readdirSync(`/proc/${pid}/fd`).length;
    await waitFor(() => used() >= open + 20, { what: 'the last descriptor to be taken' });
    // The worker looks at its interfaces once a second, which takes one.
    const seen = Date.now();
    await waitFor(() => Date.now() - seen > 2_500, { what: 'two looks' });
    for (const socket of sockets) socket.destroy();
    await waitFor(async () => (await get(leash)).stdout === '200\n', { what: 'an answer' });
    expect(leash.workerPids()).toEqual([pid]);
  });
});

describe('a viewer that is killed', () => {
  it('is replaced, and requests go on', async () => {
    const leash = await start();
    const [pid = 0] = leash.viewerPids();
    process.kill(pid, 'SIGKILL');
    expect(await get(leash)).toMatchObject({ code: 0, stdout: '200\n' });
    const list = () => fetch(`${leash.viewerUrl}/api/logs`).catch(() => null);
    await waitFor(async () => (await list())?.ok, { what: 'a new viewer' });
    expect(leash.viewerPids()).not.toContain(pid);
  });
});

describe('SIGTERM', () => {
  it('lets what runs end, takes nothing new, and leaves a `stop`', async () => {
    const leash = await start();
    const stream = await openStream(leash, 'n=8&every=100');
    leash.signal('SIGTERM');
    const rest = await readUntil(stream);
    expect(rest).toContain('"n":8');
    expect(await leash.ended).toBe(0);
    await expect(openSocket(leash.proxyPort)).rejects.toThrow(/ECONNREFUSED/);
    const records = await leash.records();
    expect(records.find(({ url }) => url?.includes('/sse'))).toMatchObject({ event: 'intent' });
    expect(records.find(({ event }) => event === 'allowed')).toMatchObject({ status: 200 });
    expect(records.at(-2)).toMatchObject({ event: 'stop', reason: 'SIGTERM' });
  });

  it('closes after ten seconds what does not end by itself, with records', async () => {
    const leash = await start();
    const stream = await openStream(leash, 'n=1000&every=100');
    const before = Date.now();
    leash.signal('SIGTERM');
    await readUntil(stream, { timeoutMs: 14_000 });
    expect(await leash.ended).toBe(0);
    expect(Date.now() - before).toBeGreaterThan(9_000);
    expect(Date.now() - before).toBeLessThan(13_000);
    const records = await leash.records();
    expect(withReason(records, 'shutdown')).toContain('GET');
    expect(records.at(-2)).toMatchObject({ event: 'stop' });
    expect(await leash.verifyChain()).toMatchObject({ code: 0 });
  });
});

describe('Ctrl-C', () => {
  it('reaches every process of the group, and only the primary acts on it', async () => {
    const leash = await start({ workers: 2 });
    const stream = await openStream(leash, 'n=5&every=100');
    const pids = [leash.pid, ...leash.workerPids(), ...leash.viewerPids()];
    expect(pids).toHaveLength(4);
    for (const pid of pids) process.kill(pid, 'SIGINT');
    expect(await readUntil(stream)).toContain('"n":5');
    expect(await leash.ended).toBe(0);
    expect((await leash.records()).at(-2)).toMatchObject({ event: 'stop', reason: 'SIGINT' });
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('a second start on the same log', () => {
  it('is refused with the pid of the first, which goes on', async () => {
    const leash = await start();
    const second = startLeash({ dir: leash.dir });
    await expect(second).rejects.toThrow(`Another leash (pid ${leash.pid}) writes this log`);
    expect(await get(leash)).toMatchObject({ code: 0 });
    expect(await leash.verifyChain()).toMatchObject({ code: 0 });
  });

  it('succeeds after SIGKILL, and the chain goes on', async () => {
    const leash = await start({ workers: 2 });
    await get(leash);
    const children = [...leash.workerPids(), ...leash.viewerPids()];
    leash.signal('SIGKILL');
    await leash.ended;
    // Without a primary there is no record, so nothing may go on.
    await waitFor(() => !children.some(isAlive), { what: 'the children to end' });
    const again = await start({ dir: leash.dir });
    expect(await get(again)).toMatchObject({ code: 0 });
    await again.waitForRecords((record) => record.event === 'allowed' && record.worker === 1);
    const records = await again.records();
    expect(records.filter(({ event }) => event === 'start')).toHaveLength(2);
    expect(await again.verifyChain()).toMatchObject({ code: 0 });
  });
});

describe('a primary that is killed', () => {
  it('while its children load their modules leaves none of them behind', async () => {
    const dir = await tempDir();
    const primary = spawn(process.execPath, [PROGRAM], {
      env: clientEnv(await environment(dir.path)),
      stdio: 'ignore',
    });
    try {
      const children = await waitFor(
        () => {
          const found = childrenOf(primary.pid ?? 0).filter(({ command }) =>
            /main.js/.test(command),
          );
          return found.length === 2 && found.map(({ pid }) => pid);
        },
        { what: 'a worker and a viewer', everyMs: 1 },
      );
      primary.kill('SIGKILL');
      await waitFor(() => !children.some(isAlive), { what: 'the children to end' });
    } finally {
      primary.kill('SIGKILL');
      await dir.close();
    }
  });
});

describe('secrets among the settings', () => {
  it('are no matter of children that have no use for them', async () => {
    const token = 'x'.repeat(32);
    const leash = await start({
      workers: 1,
      env: {
        LEASH_VIEWER_TOKEN: token,
        LEASH_UPSTREAM_PROXY: 'http://u:hidden@127.0.0.1:9',
      },
    });
    const environOf = ([pid = 0]: number[]) => readFile(`/proc/${pid}/environ`, 'latin1');
    const [worker, viewer] = [
      await environOf(leash.workerPids()),
      await environOf(leash.viewerPids()),
    ];
    expect(worker).toContain('hidden');
    expect(worker).not.toContain(token);
    expect(viewer).toContain(token);
    expect(viewer).not.toContain('hidden');
  });
});

describe('a start that cannot be', () => {
  let dir: TempDir;
  beforeAll(async () => {
    dir = await tempDir();
  });
  afterAll(() => dir.close());

  const launch = async (env: Record<string, string>) =>
    run(process.execPath, [PROGRAM], { env: { ...(await environment(dir.path)), ...env } });

  it.each([
    ['LEASH_AUDIT', 'perhaps', /relaxed, accepted, durable/],
    ['LEASH_PROXY_PORT', '0', /1-65535/],
    ['LEASH_WORKRES', '2', /LEASH_WORKERS/],
    ['LEASH_PORT', '3128', /LEASH_PROXY_PORT/],
    ['LEASH_BIND', 'localhost', /address/],
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0', /LEASH_UPSTREAM_CA/],
  ])('for %s=%s says so in one line and ends with 2', async (name, value, allowed) => {
    const { code, stdout, stderr } = await launch({ [name]: value });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    const own = lines.filter((line) => line.startsWith('leash: '));
    expect(own).toHaveLength(1);
    expect(own[0]).toContain(name);
    expect(own[0]).toMatch(allowed);
  });

  it('on a CA key that others can read names the file and the cure', async () => {
    const first = await start();
    await first.stop();
    const key = `${first.stateDir}/private/ca.key`;
    await chmod(key, 0o644);
    await expect(startLeash({ dir: first.dir })).rejects.toThrow(`chmod 600 ${key}`);
  });

  it.each([
    ['LOG_PATH', '/etc/passwd/x/egress.jsonl'],
    ['LEASH_STATE_DIR', '/etc/passwd/x'],
    ['LEASH_DIAGNOSTICS', '/etc/passwd/x'],
  ])('for a folder that cannot be made names %s', async (name, value) => {
    const { code, stderr } = await launch({ [name]: value });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^leash: Cannot [^\n]*${name}[^\n]*/etc/passwd/x[^\n]*\n$`));
  });

  it.each(['LEASH_PROXY_PORT', 'PORT'])('for a port in use names it and %s', async (setting) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = portOf(taken.address());
    const result = await launch({ [setting]: String(port) });
    taken.close();
    expect(result.code).toBe(1);
    const why = 'another program uses this port';
    expect(result.stderr).toBe(
      `leash: Cannot listen on 127.0.0.1:${port} (EADDRINUSE): ${why}; set ${setting} to a free port\n`,
    );
  });
});
