import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFolder } from '../../../../src/viewer/store/log-folder.ts';
import { LogTail, type TailNews } from '../../../../src/viewer/store/log-tail.ts';
import { logLine } from '../../../support/log-line.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

let dir: TempDir;
let stops: (() => void)[];
beforeEach(async () => {
  dir = await tempDir();
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) stop();
  await dir.close();
});

const segment = (number: number) => join(dir.path, `egress.${number}.jsonl`);
const write = (number: number, ...ids: string[]) =>
  appendFileSync(
    segment(number),
    ids.map((id) => `${logLine({ event: 'allowed', id })}\n`).join(''),
  );

async function listen() {
  const log = new LogFolder(join(dir.path, 'egress.jsonl'));
  const tail = new LogTail({
    log,
    folder: dir.path,
    onError: (error) => {
      throw error;
    },
  });
  const news: TailNews[] = [];
  const add = async () => {
    const stop = await tail.listen((each) => void news.push(each));
    stops.push(stop);
    return stop;
  };
  const stop = await add();
  const ids = () => news.flatMap(({ rows }) => rows.map(({ row }) => row.id));
  return { tail, news, ids, stop, add };
}

describe('LogTail', () => {
  it('Invariant: every whole line behind the place where the tail began is told once, or a loss is told', async () => {
    write(1, 'old');
    const { news, ids } = await listen();
    const names = Array.from({ length: 3000 }, (_, n) => `f${n}`);
    for (const [n, name] of names.entries()) {
      write(1 + Math.floor(n / 700), name);
      if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => ids().length, { timeout: 5000 }).toBe(3000);
    expect(ids()).toEqual(names);
    expect(news.some(({ lost }) => lost)).toBe(false);
    rmSync(segment(5));
    write(7, 'after');
    await expect.poll(ids).toContain('after');
    expect(news.some(({ lost }) => lost)).toBe(true);
  });

  it('LogTail leaves out a flow that began and ended in one look, and keeps one that runs', async () => {
    const { ids } = await listen();
    const text = (event: 'intent' | 'allowed', id: string) => `${logLine({ event, id })}\n`;
    appendFileSync(
      segment(1),
      text('intent', 'quick') + text('intent', 'slow') + text('allowed', 'quick'),
    );
    await expect.poll(ids).toEqual(['slow', 'quick']);
  });

  it('LogTail goes on past a line that no record can be, and knows its newest place', async () => {
    const { ids, news, tail } = await listen();
    appendFileSync(segment(1), 'x'.repeat(6_000_000));
    appendFileSync(segment(1), 'x\n');
    write(1, 'next');
    await expect.poll(ids, { timeout: 5000 }).toEqual(['next']);
    expect(news.some(({ lost }) => lost)).toBe(true);
    expect(tail.newest).toBe('1:6000002');
  });

  it('LogTail looks at nothing while nobody listens, and begins at the end again', async () => {
    const { ids, stop, add } = await listen();
    stop();
    write(1, 'unseen');
    await add();
    write(1, 'seen');
    await expect.poll(ids).toEqual(['seen']);
  });
});
