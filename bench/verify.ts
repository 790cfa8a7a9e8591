// npm run bench -- verify: how fast a log is verified, plain and compressed, on one core and on all.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { startPool } from '../src/viewer/verify/pool.ts';
import { verifyLog } from '../src/viewer/verify/verify-log.ts';
import { compress, LogWriter, newSigner, textOf } from '../test/support/signed-log.ts';
import { ROOT } from '../test/support/source-tree.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { spreadOf } from './statistics.ts';

/** One for each core, so that none waits. */
const SEGMENTS = Math.max(2, availableParallelism());
/** As large as a segment is where nothing else is set. */
const SEGMENT_BYTES = 128 * 1024 * 1024;
/** As leash signs. */
const CHECKPOINT_RECORDS = 1000;
const ROUNDS = 5;
const MB = 1e6;
/** Threads run what was built. */
const TASK = join(ROOT, 'dist/viewer/verify/verify-segment.js');
const WORDS =
  'the model said that it would read each file and then write a test for it {"a":1}'.split(' ');

/** Exit code: 0 measured. */
export async function main(): Promise<number> {
  const folder = await tempDir();
  try {
    // Records of a request without a body, and with some text: what there is most of, and what is largest.
    for (const bodyBytes of [500, 3000]) {
      const names = await writeLog(folder.path, bodyBytes);
      for (const isCompressed of [false, true]) {
        if (isCompressed) await compressAll(names);
        for (const threads of new Set([1, availableParallelism()])) {
          const speed = await measure(folder.path, threads);
          const row = {
            record_bytes: bodyBytes + 240,
            compressed: isCompressed,
            threads,
            ...speed,
          };
          process.stdout.write(`${JSON.stringify(row)}\n`);
        }
      }
      for (const name of names) await rm(`${name}.gz`);
    }
    return 0;
  } finally {
    await folder.close();
  }
}

/** Paths of the segments, each one record longer than its size. */
async function writeLog(dir: string, bodyBytes: number): Promise<string[]> {
  const writer = new LogWriter({ signer: newSigner() });
  const paths: string[] = [];
  for (let number = 1; number <= SEGMENTS; number += 1) {
    if (number > 1) writer.segment();
    for (let bytes = 0; bytes < SEGMENT_BYTES; bytes += bodyBytes + 240) {
      writer.add('allowed', { url: `https://a.test/${bytes}`, res_body: text(bodyBytes, bytes) });
      if (writer.seq % CHECKPOINT_RECORDS === 0) writer.checkpoint();
    }
    const lines = writer.checkpoint().log.segments.at(-1)?.lines ?? [];
    const path = join(dir, `egress.${number}.jsonl`);
    await writeFile(path, textOf(lines));
    lines.length = 0;
    paths.push(path);
  }
  return paths;
}

/** Words in another order each time: it is compressed to a fourth, as traffic is. */
function text(length: number, seed: number): string {
  let made = '';
  for (let n = seed; made.length < length; n = (n * 1103515245 + 12345) % 2147483648) {
    made += `${WORDS[(n >> 8) % WORDS.length]}${n % 7 === 0 ? n : ''} `;
  }
  return made.slice(0, length);
}

async function compressAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await writeFile(`${path}.gz`, compress(await readFile(path)));
    await rm(path);
  }
}

/**
 * MB of the log (before it was compressed) in a second, and in a second of one core's time, which also
 * holds on a machine that does something else meanwhile: the middle of some rounds, after one that warms
 * the cache.
 */
async function measure(dir: string, threads: number) {
  await verifyOnce(dir, threads);
  const rounds: Awaited<ReturnType<typeof verifyOnce>>[] = [];
  while (rounds.length < ROUNDS) rounds.push(await verifyOnce(dir, threads));
  return {
    records: rounds[0]?.records,
    mb_s: spreadOf(rounds.map(({ ms }) => speed(ms))),
    mb_core_s: spreadOf(rounds.map(({ cpuMs }) => speed(cpuMs))),
  };
}

async function verifyOnce(dir: string, threads: number) {
  const pool = startPool(threads, TASK);
  const startedMs = performance.now();
  const started = process.cpuUsage();
  const { problems, records } = await verifyLog({
    dir,
    logName: 'egress.jsonl',
    keys: [],
    mustBeSigned: false,
    exported: [],
    graceMs: 0,
    run: pool.run,
    progress: new BigInt64Array(new SharedArrayBuffer(8)),
    onTotal: () => {},
  });
  const ms = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(started);
  await pool.close();
  if (problems.length > 0) throw new Error(`not verified: ${problems[0]?.what}`);
  return { records, ms, cpuMs: (user + system) / 1000 };
}

function speed(ms: number): number {
  return Math.round((SEGMENTS * SEGMENT_BYTES) / MB / (ms / 1000));
}
