// npm run bench:viewer: the viewer on a large log: pages, filters, texts, counts, the index itself; and
// ripgrep on the same files. `-- --proxy`: what a search does to the proxy beside it; `-- --browser`: how
// soon the page shows rows.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { segmentName, sortSegments } from '../src/shared/segments.ts';
import { compressSegment } from '../test/support/compress-segment.ts';
import { ROOT } from '../test/support/source-tree.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { generateLog, RARE_TEXT } from './log-generator.ts';
import { findProgram } from './processes.ts';
import { measureBrowser } from './viewer-browser.ts';
import { startViewerProcess, type ViewerProcess } from './viewer-process.ts';
import { measureProxy } from './viewer-proxy.ts';

export const USAGE = `Usage: npm run bench:viewer -- [--records N] [--dir PATH] [--seed N] [--port N] [--compress] [--proxy] [--browser]
  --records N  lines of the log that is made where there is none (default 10000000)
  --dir PATH   where it lies and stays (default data/bench/log)
  --seed N     another log of the same kind (default 1)
  --port N     of the viewer (default 18090)
  --compress   compresses finished segments of that log first, as leash does
  --proxy      the proxy's latency beside searches, and nothing else
  --browser    the time to the first rows in Chromium, and nothing else`;

type Options = {
  records: number;
  dir: string;
  seed: number;
  port: number;
  compress: boolean;
  proxy: boolean;
  browser: boolean;
};
type Line = { what: string; ms: number; worstMs: number; limit: string; found: string };

const SEGMENT_BYTES = 128 * 1024 * 1024;
const GIGABYTE_SEGMENTS = 8;
const ROUNDS = 7;

export async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(`${USAGE}\n`);
  const options = parseOptions(args);
  if (typeof options === 'string') {
    process.stderr.write(`bench: cannot use "${options}"\n${USAGE}\n`);
    return 2;
  }
  const first = join(options.dir, 'egress.1.jsonl');
  if (!existsSync(first) && !existsSync(`${first}.gz`)) await makeLog(options);
  if (options.compress) await compressLog(options.dir);
  const state = await tempDir();
  try {
    if (options.proxy) return await measureProxy(options.dir, state.path);
    if (options.browser) {
      return say(`${await measureBrowser(options.dir, state.path, options.port)}\n`);
    }
    const lines: Line[] = [];
    const viewer = await startViewerProcess(options.dir, state.path, options.port);
    let report: object;
    try {
      await measureAll(viewer, lines);
      const rss = viewer.peakBytes() / 1024 / 1024;
      const index = await folderBytes(join(state.path, 'index'));
      const log = await folderBytes(options.dir);
      report = {
        log_bytes: log,
        index_bytes: index,
        index_seconds: viewer.indexMs / 1000,
        index_mb_s: log / 1e3 / viewer.indexMs,
        peak_rss_mib: rss,
      };
    } finally {
      await viewer.stop();
    }
    await measureTexts(options, state.path, lines);
    say(`${table(lines)}\n${JSON.stringify(report)}\n`);
    const path = join(ROOT, 'data/bench', `viewer-${Date.now()}.json`);
    await mkdir(join(ROOT, 'data/bench'), { recursive: true });
    await writeFile(path, `${JSON.stringify({ ...report, lines }, null, 2)}\n`);
    return say(`${path}\n`);
  } finally {
    await state.close();
  }
}

async function makeLog({ dir, records, seed }: Options): Promise<void> {
  const started = performance.now();
  const made = await generateLog({ dir, records, seed, segmentBytes: SEGMENT_BYTES });
  const speed = made.bytes / 1e3 / (performance.now() - started);
  say(`${JSON.stringify({ ...made, mb_s: Math.round(speed) })}\n`);
}

/** All but the newest segment, which leash would still write to. */
async function compressLog(dir: string): Promise<void> {
  for (const path of (await plainSegments(dir)).slice(0, -1)) compressSegment(path);
}

/** Paths, oldest first. */
async function plainSegments(dir: string): Promise<string[]> {
  const names = await readdir(dir);
  const segments = sortSegments(
    'egress.jsonl',
    names.filter((name) => name.endsWith('.jsonl')),
  );
  return segments.map((number) => join(resolve(dir), segmentName('egress.jsonl', number)));
}

/** Over the whole log. */
async function measureAll(viewer: ViewerProcess, lines: Line[]): Promise<void> {
  const page = (q: string) => `/api/logs?limit=100&q=${encodeURIComponent(q)}`;
  const asks: [string, string, string][] = [
    ['newest page', page(''), '50 ms'],
    ['page of the oldest rows', '/api/logs?limit=100&order=oldest', ''],
    ['a moment in the middle', `${page('')}&before=t1767825600`, ''],
    ['100 hits: host and class', page('host:evil.test class:blocked'), '100 ms'],
    ['100 hits: client, method, status', page('client:10.1.1.14 method:POST status:429'), '100 ms'],
    ['100 hits: larger than, agent', page('bytes:>95kb agent:ci'), '100 ms'],
    // Its numbers of all rows are read, for no index says that there is none.
    ['no hit: larger than', page('bytes:>99kb agent:ci'), ''],
    ['no hit: a host that is nowhere', page('host:nowhere.test'), '100 ms'],
    ['text, rare, 100 hits', page(RARE_TEXT), ''],
    ['text, absent', page('never-in-this-log'), ''],
    ['facets of all', '/api/facets?fields=class,host,client,agent,method,status,reason', ''],
    ['facets of a filter', '/api/facets?fields=host&q=class:blocked', ''],
    ['histogram of all', '/api/histogram?buckets=120', ''],
    ['histogram of a filter', '/api/histogram?buckets=120&q=host%3A*.test+-class%3Aallowed', ''],
  ];
  for (const [what, path, limit] of asks) {
    const times: number[] = [];
    let found = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      const { ms, json } = await viewer.get(path);
      times.push(ms);
      const { rows, more, total, complete } = json;
      const isWhole = complete ?? !(more && Array.isArray(rows) && rows.length < 100);
      found = `${Array.isArray(rows) ? `${rows.length} rows` : (total ?? '')}${isWhole ? '' : ', in part'}`;
    }
    lines.push({ what, ...timesOf(times), limit, found });
  }
}

/** On one gigabyte, beside ripgrep on the same files. */
async function measureTexts({ dir, port }: Options, state: string, lines: Line[]): Promise<void> {
  const rg = findProgram('rg');
  const files = (await plainSegments(dir)).slice(0, GIGABYTE_SEGMENTS);
  if (files.length < GIGABYTE_SEGMENTS) {
    say('texts beside ripgrep need a gigabyte of plain segments\n');
    return;
  }
  const part = join(state, 'part');
  await mkdir(part);
  for (const [n, file] of files.entries()) await symlink(file, join(part, `egress.${n + 1}.jsonl`));
  const viewer = await startViewerProcess(part, join(state, 'part-state'), port);
  try {
    const needles: [string, string][] = [
      ['absent', 'never-in-this-log'],
      ['rare', RARE_TEXT],
      ['in a header', 'agent-sdk/9'],
      ['common', 'api.openai.test'],
    ];
    for (const [name, needle] of needles) {
      const isCommon = name === 'common';
      const times: number[] = [];
      let hits = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const started = performance.now();
        hits = await findAll(viewer, needle, isCommon ? 100 : Number.POSITIVE_INFINITY);
        times.push(performance.now() - started);
      }
      const what = isCommon ? 'first 100 hits' : 'all hits';
      const found = `${hits} rows, ${what}`;
      lines.push({ what: `1 GB: text, ${name}`, ...timesOf(times), limit: '2 x rg', found });
      if (rg === null) continue;
      const grep: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const started = performance.now();
        spawnSync(rg, ['-i', '-F', '-c', needle, ...files]);
        grep.push(performance.now() - started);
      }
      lines.push({ what: `1 GB: rg -i, ${name}`, ...timesOf(grep), limit: '', found: 'all lines' });
    }
    if (rg === null) say('ripgrep is not installed: apt-get install ripgrep\n');
  } finally {
    await viewer.stop();
  }
}

async function findAll(viewer: ViewerProcess, needle: string, most: number): Promise<number> {
  let hits = 0;
  for (let before = ''; ; ) {
    const limit = Math.min(1000, most);
    const path = `/api/logs?limit=${limit}&q=${encodeURIComponent(needle)}&before=${before}`;
    const { json } = await viewer.get(path);
    hits += (json.rows as unknown[]).length;
    if (json.cursor === null || hits >= most) return hits;
    before = String(json.cursor);
  }
}

function timesOf(times: number[]): { ms: number; worstMs: number } {
  const sorted = [...times].sort((a, b) => a - b);
  return { ms: sorted[sorted.length >> 1] ?? 0, worstMs: sorted.at(-1) ?? 0 };
}

function table(lines: readonly Line[]): string {
  return lines
    .map(({ what, ms, worstMs, limit, found }) => {
      const times = `${ms.toFixed(0).padStart(7)} ms  ${worstMs.toFixed(0).padStart(7)} ms`;
      return `${what.padEnd(36)}${times}  ${limit.padEnd(8)}${found}`;
    })
    .join('\n');
}

async function folderBytes(dir: string): Promise<number> {
  const names = await readdir(dir).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await lstat(join(dir, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function parseOptions(args: readonly string[]): Options | string {
  const options: Options = {
    records: 10_000_000,
    dir: join(ROOT, 'data/bench/log'),
    seed: 1,
    port: 18_090,
    compress: false,
    proxy: false,
    browser: false,
  };
  for (let at = 0; at < args.length; at += 1) {
    const name = args[at]?.replace(/^--/, '') ?? '';
    if (name === 'compress' || name === 'proxy' || name === 'browser') options[name] = true;
    else {
      at += 1;
      const value = args[at] ?? '';
      const isNumber = /^[1-9]\d{0,9}$/.test(value);
      if (name === 'dir' && value !== '') options.dir = value;
      else if ((name === 'records' || name === 'seed' || name === 'port') && isNumber) {
        options[name] = Number(value);
      } else return `--${name} ${value}`;
    }
  }
  return options;
}

function say(text: string): 0 {
  process.stdout.write(text);
  return 0;
}
