// L-11: segments that follow each other fast, under load, with those who read along: `tail -F` on
// LOG_PATH, and the viewer's API from cursor to cursor.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LogRecord, segmentFiles } from '../support/leash-records.ts';
import { type Load, startLoad } from '../support/load.ts';
import { checkLoad, NOTHING_LOST } from '../support/load-check.ts';
import { type LoadOrigin, startLoadOrigin } from '../support/load-origin.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { waitFor } from '../support/wait-for.ts';
import { report } from './report.ts';
import { moreServed, readStatus } from './rig.ts';
import { scaled } from './scale.ts';

const ROTATIONS = scaled(20, 110);

let origin: LoadOrigin;
let leash: Leash;
let load: Load;

beforeEach(async () => {
  origin = await startLoadOrigin();
  leash = await startLeash({ workers: 2, env: { LEASH_ROTATE_MB: '1' } });
});
afterEach(async () => {
  await load.stop();
  await leash.close();
  await origin.close();
});

/** `tail -F` from the first byte of LOG_PATH on: whole lines, as numbers and hashes. */
function follow(path: string) {
  const follower = spawn('tail', ['-s', '0.1', '--max-unchanged-stats=1', '-n', '+1', '-F', path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const seqs: number[] = [];
  let pending = '';
  let brokenLinks = 0;
  let last = { seq: 0, hash: '' };
  follower.stdout.setEncoding('latin1').on('data', (text: string) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const { seq, prev }: LogRecord = JSON.parse(line);
      if (seq === last.seq + 1 && last.seq > 0 && prev !== last.hash) brokenLinks += 1;
      const hash = createHash('sha256').update(Buffer.from(line, 'latin1')).digest('hex');
      last = { seq, hash };
      seqs.push(seq);
    }
  });
  return {
    seqs,
    brokenLinks: () => brokenLinks,
    async close() {
      follower.kill();
      await once(follower, 'close');
    },
  };
}

type Page = {
  readonly rows: readonly { readonly id: string; readonly event: string }[];
  readonly cursor: string | null;
  readonly more: boolean;
  readonly newest: string | null;
};

/** Reads rows from the newest cursor on, again and again: how often each id was given. */
function readAlong() {
  const times = new Map<string, number>();
  let cursor = '';
  let isEnding = false;
  const ask = async (before: string) => {
    const places = `${cursor === '' ? '' : `&after=${cursor}`}${before && `&before=${before}`}`;
    const response = await fetch(`${leash.viewerUrl}/api/logs?limit=1000${places}`);
    return (await response.json()) as Page;
  };
  /** All that is newer than the cursor, which takes more than one page where much is. */
  const next = async () => {
    const pages = [await ask('')];
    while (pages.at(-1)?.more) pages.push(await ask(pages.at(-1)?.cursor ?? ''));
    const ended = pages.flatMap(({ rows }) => rows).filter((row) => row.event === 'allowed');
    for (const { id } of ended) times.set(id, (times.get(id) ?? 0) + 1);
    cursor = pages[0]?.newest ?? cursor;
    return ended.length;
  };
  const done = (async () => {
    await waitFor(
      async () => {
        const isLast = isEnding;
        return (await next()) === 0 && isLast;
      },
      { what: 'the last row', timeoutMs: 1_200_000, everyMs: 100 },
    );
  })();
  return {
    times,
    /** Resolves when a page that was asked for after the load has no row. */
    async finish() {
      isEnding = true;
      await done;
    },
  };
}

it(`L-11: ${ROTATIONS} rotations under load lose no record, and who reads along sees each once`, async () => {
  const sinceMs = performance.now();
  const follower = follow(leash.logPath);
  const reader = readAlong();
  load = startLoad({
    proxyPort: leash.proxyPort,
    origin: origin.url,
    connections: 100,
    // A rotation a second. tail needs three looks that find nothing new before it opens the name again:
    // segments that follow each other within 0.4 s are too fast for it, whoever writes them.
    perSecond: 170,
    bodyBytes: 10_000,
  });
  const rotated = async () => ((await readStatus(leash))?.log.segment ?? 0) > ROTATIONS;
  await waitFor(rotated, { what: 'the rotations', timeoutMs: 600_000, everyMs: 50 });
  await moreServed(load, 50);
  await load.stop();
  await reader.finish();
  expect(await leash.stop()).toBe(0);
  const records = await leash.records();
  const last = records.at(-1)?.seq ?? 0;
  await waitFor(() => follower.seqs.at(-1) === last, { what: 'the follower', timeoutMs: 10_000 });
  await follower.close();
  const outcome = checkLoad(origin, load.requests, records);
  const rows = new Set(records.filter(({ event }) => event === 'allowed').map(({ id }) => id));
  const missing = [...rows].filter((id) => !reader.times.has(id)).length;
  const twice = [...reader.times.values()].filter((times) => times > 1).length;
  const followed = new Set(follower.seqs);
  report({
    check: 'L-11',
    did: `${ROTATIONS} rotations at 1 MB`,
    counted: {
      requests: load.requests.length,
      'forwarded-unlogged': outcome.unlogged,
      'answered without an end': outcome.unended,
      segments: (await segmentFiles(leash.logPath)).length,
      records: outcome.records,
      'gaps or links broken': outcome.gaps + follower.brokenLinks(),
      'not seen by tail -F': last - followed.size,
      'seen twice by tail -F': follower.seqs.length - followed.size,
      'outcomes not seen through the API': missing,
      'seen twice through the API': twice,
    },
    sinceMs,
  });
  expect(outcome).toMatchObject({ ...NOTHING_LOST, open: 0 });
  expect({ missed: last - followed.size, twice: follower.seqs.length - followed.size }).toEqual({
    missed: 0,
    twice: 0,
  });
  expect(follower.brokenLinks()).toBe(0);
  expect({ missing, twice }).toEqual({ missing: 0, twice: 0 });
  expect(await leash.verifyChain()).toMatchObject({ code: 0, stderr: '' });
});
