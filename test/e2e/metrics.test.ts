// `/metrics` of the built program after real traffic: what was counted, that no count sinks when a worker
// ends, and that rules, dashboard and documentation name what is really there.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectThrough } from '../support/raw.ts';
import { type Leash, LOOPBACK_POLICY, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

/** No policy lets it pass. */
const REFUSED = 'http://169.254.1.1/';

let origin: Origin;
let plain: Origin;
let leash: Leash;
let dir: TempDir;

/** An answer of `/metrics`: line by line, and what each metric is. */
type Answer = {
  readonly text: string;
  readonly types: ReadonlyMap<string, string>;
  /** The value of one line; 0 where there is none. */
  value(series: string): number;
};

async function metrics(): Promise<Answer> {
  const text = await (await fetch(`${leash.viewerUrl}/metrics`)).text();
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [hash, kind, name = '', type = ''] = line.split(' ');
    if (hash === '#' && kind === 'TYPE') types.set(name, type);
    const series = /^([^#\s]\S*) (\S+)$/.exec(line);
    if (series !== null) values.set(series[1] ?? '', Number(series[2]));
  }
  return { text, types, value: (series) => values.get(series) ?? 0 };
}

/** The first answer in which this series is at least so much. */
async function reached(series: string, least: number): Promise<Answer> {
  let answer = await metrics();
  await expect
    .poll(
      async () => {
        answer = await metrics();
        return answer.value(series);
      },
      { timeout: 5_000 },
    )
    .toBeGreaterThanOrEqual(least);
  return answer;
}

async function curl(url: string): Promise<string> {
  const via = ['--proxy', leash.proxyUrl, '--cacert', leash.caFile];
  const args = ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...via, url];
  const { stdout } = await promisify(execFile)('curl', args).catch((error) => error);
  return stdout;
}

beforeAll(async () => {
  dir = await tempDir();
  origin = await startOrigin({ tls: { names: ['localhost'] } });
  plain = await startOrigin();
  // A stop signs the record: the second start has a checkpoint to tell of.
  const first = await startLeash({ dir: dir.path, policy: LOOPBACK_POLICY });
  await first.stop();
  leash = await startLeash({
    dir: dir.path,
    workers: 1,
    policy: {
      mode: 'audit\n',
      'network.yaml': { allow_private: ['127.0.0.0/8'], opaque: [`127.0.0.1:${plain.port}`] },
    },
    env: { LEASH_UPSTREAM_CA: origin.caFile },
  });
  expect(await curl(`https://localhost:${origin.port}/status/200`)).toBe('200');
  expect(await curl(`https://localhost:${origin.port}/status/200`)).toBe('200');
  expect(await curl(REFUSED)).toBe('403');
  const { socket } = await connectThrough(leash.proxyPort, `127.0.0.1:${plain.port}`);
  socket.end('GET /status/200 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  await leash.waitForRecords(({ event }) => event === 'uninspected');
});
afterAll(async () => {
  await leash.close();
  await Promise.all([origin.close(), plain.close(), dir.close()]);
});

describe('/metrics after real traffic', () => {
  it('has counted requests, tunnels, handshakes, leaves and times', async () => {
    const { value } = await reached('leash_tunnels_total{class="uninspected"}', 1);
    expect(value('leash_requests_total{class="would_block"}')).toBe(2);
    expect(value('leash_requests_total{class="blocked"}')).toBe(1);
    expect(value('leash_tunnels_total{class="closed"}')).toBe(2);
    expect(value('leash_tls_client_handshakes_total{result="full"}')).toBe(2);
    expect(value('leash_leaf_lookups_total{result="miss"}')).toBe(1);
    expect(value('leash_leaf_lookups_total{result="hit"}')).toBe(1);
    expect(value('leash_leaf_mints_total')).toBe(1);
    expect(value('leash_request_admit_seconds_count')).toBe(3);
    expect(value('leash_request_ttfb_seconds_bucket{le="+Inf"}')).toBe(2);
    expect(value('leash_request_duration_seconds_count')).toBe(2);
    expect(value('leash_log_write_seconds_count')).toBeGreaterThan(2);
    expect(value('leash_log_sync_seconds_count')).toBeGreaterThan(0);
    for (const role of ['worker', 'primary', 'viewer']) {
      expect(value(`leash_processes{role="${role}"}`)).toBe(1);
      expect(value(`leash_process_resident_memory_bytes{role="${role}"}`)).toBeGreaterThan(1e7);
      expect(value(`leash_process_cpu_seconds_total{role="${role}"}`)).toBeGreaterThan(0);
    }
    expect(value('leash_ca_expiry_timestamp_seconds')).toBeGreaterThan(Date.now() / 1000);
    expect(value('leash_log_segments{kind="plain"}')).toBe(1);
    expect(value('leash_checkpoint_timestamp_seconds')).toBeGreaterThan(1.7e9);
    expect(value('leash_disk_free_bytes{folder="log"}')).toBeGreaterThan(0);
  });

  it('names nobody: no host, address or path of the traffic is in it', async () => {
    const { text } = await metrics();
    expect(text).not.toMatch(/127\.0\.0\.1|localhost|169\.254|status\/200/);
  });

  it('loses no count when a worker is killed, and says that it was replaced', async () => {
    const before = await metrics();
    for (const pid of leash.workerPids()) process.kill(pid, 'SIGKILL');
    await reached('leash_worker_restarts_total', 1);
    // What the new one says of itself stands in the place of what the old one said.
    const gauges = async () => {
      const { value } = await metrics();
      return [value('leash_processes{role="worker"}'), value('leash_leaf_cache_entries')];
    };
    await expect.poll(gauges, { timeout: 5_000 }).toEqual([1, 0]);
    const after = await reached('leash_workers_listening', 1);
    for (const [name, type] of before.types) {
      if (type !== 'counter') continue;
      for (const line of before.text.split('\n').filter((each) => each.startsWith(name))) {
        const [series = '', value] = line.split(' ');
        expect(after.value(series), series).toBeGreaterThanOrEqual(Number(value));
      }
    }
    expect(await curl(REFUSED)).toBe('403');
    await reached('leash_requests_total{class="blocked"}', 2);
  });
});

const read = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
/** Metrics by name, without what a histogram puts behind its own. */
const named = (text: string, known: ReadonlySet<string>) =>
  new Set(
    [...text.matchAll(/\bleash_[a-z0-9_]+/g)].map(([name]) => {
      const base = name.replace(/_(bucket|sum|count)$/, '');
      return known.has(base) ? base : name;
    }),
  );

describe('what speaks of metrics', () => {
  it.each(['deploy/prometheus/alerts.yaml', 'deploy/grafana/leash.json', 'docs/metrics.md'])(
    '%s names only metrics that are there',
    async (file) => {
      const known = new Set((await metrics()).types.keys());
      const unknown = [...named(await read(file), known)].filter((name) => !known.has(name));
      expect(unknown).toEqual([]);
    },
  );

  it('docs/metrics.md names each one, with its type', async () => {
    const { types } = await metrics();
    const text = await read('docs/metrics.md');
    const rows = new Map(
      [...text.matchAll(/^\| `(leash_\w+)(?:\{[^}]*\})?` +\| (\w+) +\|/gm)].map(
        ([, name = '', type = '']) => [name, type],
      ),
    );
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(types));
  });
});
