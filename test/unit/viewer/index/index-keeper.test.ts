import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BuildResult,
  type BuildTask,
  buildIndex,
} from '../../../../src/viewer/index/build-index.ts';
import { IndexKeeper } from '../../../../src/viewer/index/index-keeper.ts';
import { findRows } from '../../../../src/viewer/search/find-rows.ts';
import { Searcher } from '../../../../src/viewer/search/searcher.ts';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import {
  type LogParams,
  type LogQuery,
  parseLogQuery,
} from '../../../../src/viewer/store/log-params.ts';
import { compressSegment } from '../../../support/compress-segment.ts';
import { logLine } from '../../../support/log-line.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
let built: number[];
const keepers: IndexKeeper[] = [];
beforeEach(async () => {
  dir = await tempDir();
  built = [];
  await mkdir(join(dir.path, 'state'));
});
afterEach(async () => {
  for (const keeper of keepers.splice(0)) await keeper.close();
  await dir.close();
});

const logPath = () => join(dir.path, 'egress.jsonl');
const segment = (n: number) => join(dir.path, `egress.${n}.jsonl`);
const indexes = () => readdir(join(dir.path, 'state', 'index')).catch(() => []);
const line = (n: number, host = `h${n}.test`) =>
  `${logLine({ event: 'allowed', seq: n, id: `1-1-${n}`, host, ts: 1_700_000_000 + n })}\n`;

type Build = (task: BuildTask) => Promise<BuildResult>;

function start(
  stateDir = join(dir.path, 'state'),
  { make = buildIndex, ...bounds }: { make?: Build; maxMemoryBytes?: number } = {},
) {
  const log = new LogFolder(logPath());
  const build = (task: BuildTask) => {
    built.push(task.segment);
    return make(task);
  };
  const keeper = new IndexKeeper({ log, logPath: logPath(), stateDir, build, ...bounds });
  keepers.push(keeper);
  const searcher = new Searcher({ log, now: () => 0, nowMs: () => 0 }, keeper);
  const hosts = async (params: LogParams) => {
    const page = await findRows(searcher, parseLogQuery(params) as LogQuery);
    return page.rows.map(({ host }) => host);
  };
  return { keeper, hosts };
}

describe('IndexKeeper', () => {
  it('makes the indexes of finished segments, newest first, and a later start takes them as they are', async () => {
    for (const n of [1, 2, 3, 4]) await writeFile(segment(n), line(n));
    const first = start();
    await first.keeper.settled();
    expect(built).toEqual([3, 2, 1]);
    expect(first.keeper.progress()).toEqual({ segments: 4, indexed: 4 });
    expect((await indexes()).sort()).toEqual(['egress.1.idx', 'egress.2.idx', 'egress.3.idx']);
    compressSegment(segment(1));
    const second = start();
    await second.keeper.settled();
    expect(built).toHaveLength(3);
    expect(await second.hosts({ q: 'host:h1.test' })).toEqual(['h1.test']);
  });

  it('makes those of finished segments though nobody searches; the newest one is read for who does', async () => {
    for (const n of [1, 2]) await writeFile(segment(n), line(n));
    const { keeper, hosts } = start();
    // The clock of the keeper's own.
    await expect.poll(() => keeper.get(1), { timeout: 5000 }).not.toBeNull();
    expect(keeper.get(2)).toBeNull();
    expect(await hosts({ q: 'host:h2.test' })).toEqual(['h2.test']);
    await expect.poll(() => keeper.get(2)).not.toBeNull();
  });

  it('makes an index anew that is damaged, cut off, or of another segment', async () => {
    for (const n of [1, 2, 3, 4]) await writeFile(segment(n), line(n));
    await start().keeper.settled();
    const path = (n: number) => join(dir.path, 'state', 'index', `egress.${n}.idx`);
    const bytes = await readFile(path(1));
    await writeFile(path(1), bytes.subarray(0, bytes.length - 100));
    await writeFile(path(2), bytes);
    built = [];
    const again = start();
    await again.keeper.settled();
    expect(built).toEqual([2, 1]);
    expect(await again.hosts({})).toEqual(['h4.test', 'h3.test', 'h2.test', 'h1.test']);
  });

  it('finds out while it searches that a column is damaged, reads the lines, and makes it anew', async () => {
    await writeFile(segment(1), [1, 2, 3].map((n) => line(n)).join(''));
    await writeFile(segment(2), line(4));
    await start().keeper.settled();
    const path = join(dir.path, 'state', 'index', 'egress.1.idx');
    const bytes = await readFile(path);
    bytes.fill(0xff, bytes.readUInt32LE(8) + 16);
    await writeFile(path, bytes);
    built = [];
    const again = start();
    await again.keeper.settled();
    expect(built).toEqual([]);
    expect(await again.hosts({ q: 'host:h2.test' })).toEqual(['h2.test']);
    await again.keeper.settled();
    expect(built).toEqual([1]);
    expect(await again.hosts({ q: 'host:h2.test' })).toEqual(['h2.test']);
  });

  it('calls no flow of an older segment running because an index was found to be damaged', async () => {
    const intent = logLine({ event: 'intent', seq: 1, id: '1-1-9', host: 'open.test', ts: 1 });
    const end = logLine({ event: 'allowed', seq: 2, id: '1-1-9', host: 'ended.test', ts: 2 });
    await writeFile(segment(1), `${intent}\n`);
    await writeFile(segment(2), line(3));
    await writeFile(segment(3), `${end}\n`);
    await writeFile(segment(4), line(4));
    await start().keeper.settled();
    const path = join(dir.path, 'state', 'index', 'egress.2.idx');
    const bytes = await readFile(path);
    bytes.fill(0xff, bytes.readUInt32LE(8) + 16);
    await writeFile(path, bytes);
    const { keeper, hosts } = start();
    await keeper.settled();
    expect(await hosts({ q: 'host:*.test' })).toEqual(['h4.test', 'ended.test', 'h3.test']);
    await keeper.settled();
    expect(keeper.progress()).toEqual({ segments: 4, indexed: 4 });
  });

  it('follows the newest segment as it grows and when the next one begins', async () => {
    await writeFile(segment(1), line(1));
    const { keeper, hosts } = start();
    await keeper.settled();
    await appendFile(segment(1), line(2) + line(3).slice(0, 50));
    expect(await hosts({})).toEqual(['h2.test', 'h1.test']);
    await appendFile(segment(1), line(3).slice(50));
    await writeFile(segment(2), line(4));
    expect(await hosts({})).toEqual(['h4.test', 'h3.test', 'h2.test', 'h1.test']);
    await keeper.settled();
    expect(built).toEqual([1]);
    expect(await hosts({})).toEqual(['h4.test', 'h3.test', 'h2.test', 'h1.test']);
  });

  it('removes indexes of segments that are gone, and no other file', async () => {
    for (const n of [1, 2, 3]) await writeFile(segment(n), line(n));
    await start().keeper.settled();
    await writeFile(join(dir.path, 'state', 'index', 'notes.txt'), 'mine');
    await writeFile(join(dir.path, 'state', 'index', 'egress.9.idx.new'), 'half');
    await rm(segment(1));
    const { keeper, hosts } = start();
    await keeper.settled();
    expect((await indexes()).sort()).toEqual(['egress.2.idx', 'notes.txt']);
    expect(await hosts({})).toEqual(['h3.test', 'h2.test']);
  });

  it('keeps an index in memory where the folder cannot be written', async () => {
    for (const n of [1, 2]) await writeFile(segment(n), line(n));
    const { keeper, hosts } = start(join(dir.path, 'missing'));
    await keeper.settled();
    expect(keeper.progress()).toEqual({ segments: 2, indexed: 2 });
    expect(await hosts({ q: 'host:h1.test' })).toEqual(['h1.test']);
    expect(await readdir(dir.path)).not.toContain('missing');
  });

  it('goes on with the next segment where what was made is no index, and reads the lines of that one', async () => {
    for (const n of [1, 2, 3]) await writeFile(segment(n), line(n));
    const make: Build = async (task) =>
      task.segment === 2 ? { bytes: Buffer.from('no index') } : buildIndex(task);
    const { keeper, hosts } = start(undefined, { make });
    await keeper.settled();
    expect(built).toEqual([2, 1]);
    expect(keeper.progress()).toEqual({ segments: 3, indexed: 2 });
    expect(await hosts({})).toEqual(['h3.test', 'h2.test', 'h1.test']);
  });

  it('lets the index of an older segment go where memory is full of them, and counts those that are gone no more', async () => {
    for (const n of [1, 2, 3]) await writeFile(segment(n), line(n));
    const state = join(dir.path, 'a file');
    await writeFile(state, '');
    const size = (await buildIndex({ logPath: logPath(), segment: 1, path: join(state, 'x') }))
      ?.bytes?.length;
    const { keeper, hosts } = start(state, { maxMemoryBytes: 2.5 * (size ?? 0) });
    await keeper.settled();
    expect(keeper.progress()).toEqual({ segments: 3, indexed: 3 });
    for (const n of [4, 5]) {
      await writeFile(segment(n), line(n));
      await keeper.settled();
    }
    expect([1, 2, 3, 4].filter((n) => keeper.get(n) !== null)).toEqual([3, 4]);
    expect(await hosts({})).toEqual(['h5.test', 'h4.test', 'h3.test', 'h2.test', 'h1.test']);
    await rm(segment(3));
    await writeFile(segment(6), line(6));
    await keeper.settled();
    expect([4, 5].filter((n) => keeper.get(n) !== null)).toEqual([4, 5]);
  });

  it('finds rows of a segment that was cut off or written anew since its index was made', async () => {
    await writeFile(segment(1), [1, 2, 3].map((n) => line(n)).join(''));
    await writeFile(segment(2), line(4));
    const { keeper, hosts } = start();
    await keeper.settled();
    await writeFile(segment(1), line(1));
    expect(await hosts({ q: 'h' })).toEqual(['h4.test', 'h1.test']);
  });
});
