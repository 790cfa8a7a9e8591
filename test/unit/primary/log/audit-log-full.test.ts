// The log while it cannot be written: what is withdrawn, what still gets its place, what is counted.

import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditLog, AuditLogDeps } from '../../../../src/primary/log/audit-log.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { limitFileSize, unlimitFileSize } from '../../../support/limit-file-size.ts';
import { readChain } from '../../../support/log-files.ts';
import { openLog } from '../../../support/open-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

describe('openAuditLog(), while the log cannot be written', () => {
  let temp: TempDir;
  let dir: string;
  let log: AuditLog;
  let told: string[] = [];

  beforeEach(async () => {
    temp = await tempDir();
    dir = join(temp.path, 'logs');
    mkdirSync(dir);
    told = [];
  });
  afterEach(async () => {
    vi.useRealTimers();
    unlimitFileSize();
    await temp.close();
  });

  function open(changes: Partial<AuditLogDeps> = {}): void {
    // Logs of other tests that were left as they were go on trying.
    const mine = told;
    log = openLog(join(dir, 'egress.jsonl'), {
      onHealth: (problem) => mine.push(problem === '' ? 'well' : 'ill'),
      onStuck: () => mine.push('stuck'),
      onFatal: (error) => mine.push(`fatal: ${error.message}`),
      ...changes,
    });
  }
  const stop = (reason: string, withdraw = true) =>
    log.append(
      'stop',
      '1-0-1',
      `"reason":"${reason}"`,
      () => told.push(`written ${reason}`),
      withdraw ? () => told.push(`withdrawn ${reason}`) : undefined,
    );
  const reasons = () =>
    readChain(dir).flatMap(({ event, reason }) => (event === 'stop' ? reason : []));
  const reserve = () => join(dir, 'egress.reserve');

  it('closing and captured records leave the queue only by being written; an opening one is withdrawn, with word to whoever waits', async () => {
    open();
    limitFileSize(log.status().bytes + 20);
    stop('opening');
    stop('closing', false);
    log.flush();
    expect(told).toEqual(['ill', 'withdrawn opening']);
    expect(log.healthy()).toBe(false);
    unlimitFileSize();
    log.flush();
    expect(told.slice(2)).toEqual(['written closing', 'well']);
    await log.close();
    expect(reasons()).toEqual(['closing']);
  });

  it('holds a megabyte ahead, gives it back when the disk is full, and takes it before it goes on', async () => {
    open();
    expect(statSync(reserve()).size).toBe(LIMITS.logReserveBytes);
    limitFileSize(log.status().bytes + 20);
    stop('closing', false);
    log.flush();
    expect(existsSync(reserve())).toBe(false);
    // There is room for the record, and not for the reserve: nothing new may pass yet.
    limitFileSize(LIMITS.logReserveBytes - 1);
    log.flush();
    expect(told).toEqual(['ill', 'written closing']);
    expect(log.healthy()).toBe(false);
    unlimitFileSize();
    log.flush();
    expect(log.healthy()).toBe(true);
    expect(statSync(reserve()).size).toBe(LIMITS.logReserveBytes);
    await log.close();
    expect(existsSync(reserve())).toBe(false);
  });

  it('says once when not even what ends the flows can be written', () => {
    open();
    limitFileSize(log.status().bytes + 20);
    stop('closing', false);
    log.flush();
    expect(told).toEqual(['ill']);
    log.flush();
    log.flush();
    expect(told).toEqual(['ill', 'stuck']);
  });

  it('goes on by itself when it can', async () => {
    open();
    limitFileSize(log.status().bytes + 20);
    stop('closing', false);
    await expect.poll(() => log.healthy()).toBe(false);
    unlimitFileSize();
    await expect.poll(() => log.healthy(), { timeout: 2000 }).toBe(true);
    await log.close();
    expect(reasons()).toEqual(['closing']);
  });

  it('may be forbidden to take what is new, counts what is refused, and writes all the same', async () => {
    open();
    log.forbid('too much of it');
    log.forbid('too much of it');
    expect([log.healthy(), log.status().problem]).toEqual([false, 'too much of it']);
    log.countRefused();
    log.countRefused();
    stop('closing', false);
    log.flush();
    log.forbid('');
    log.flush();
    expect(told).toEqual(['ill', 'written closing', 'well']);
    await log.close();
    const suspended = readChain(dir).filter(({ event }) => event === 'audit_suspended');
    expect(suspended).toMatchObject([{ refused: 2 }]);
  });

  it('says at a stop what it owes, also while nothing new may pass', async () => {
    open();
    log.forbid('too much of it');
    log.countRefused();
    expect(await log.close()).toBe('');
    expect(readChain(dir).map(({ event }) => event)).toEqual([
      'segment',
      'audit_suspended',
      'checkpoint',
    ]);
  });

  it('says at a stop what could not be written', async () => {
    open();
    limitFileSize(log.status().bytes + 20);
    stop('closing', false);
    log.flush();
    log.countRefused();
    expect(await log.close()).toMatch(/^2 records could not be written: Cannot write .*EFBIG/);
  });

  it('stays as it is while one of two reasons is left', () => {
    open();
    log.forbid('too much of it');
    limitFileSize(log.status().bytes + 20);
    stop('closing', false);
    log.flush();
    log.forbid('');
    expect(log.healthy()).toBe(false);
    unlimitFileSize();
    log.flush();
    expect(log.healthy()).toBe(true);
    expect(told.filter((word) => word === 'well')).toHaveLength(1);
  });

  it('tries a rotation that failed four times a second, not with each turn, and opens nothing to new ones meanwhile', async () => {
    open({ rotateBytes: 100_000 });
    writeFileSync(join(dir, 'egress.2.jsonl'), 'another program wrote this\n');
    const big = 'x'.repeat(60_000);
    stop(big, false);
    log.flush();
    stop(`${big}2`, false);
    log.flush();
    expect(told.filter((word) => !word.startsWith('written'))).toEqual(['ill']);
    const seq = log.status().seq;
    stop('small', false);
    await expect.poll(() => told.includes('written small')).toBe(true);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(told.filter((word) => !word.startsWith('written'))).toEqual(['ill']);
    expect(log.status().seq).toBeLessThan(seq + 5);
    rmSync(join(dir, 'egress.2.jsonl'));
    log.flush();
    expect(told.at(-1)).toBe('well');
    expect(log.status().segment).toBe(2);
    await log.close();
    const events = readChain(dir).map(({ event }) => event);
    expect(events.filter((event) => event === 'audit_suspended')).toHaveLength(1);
  });

  it('gives a segment its first records before any other, also where the disk was full when it began', async () => {
    let flows: string[] = [];
    open({ openFlows: () => flows });
    flows = Array.from(
      { length: 3000 },
      (_, n) => `{"id":"1-1-${n}","event":"intent","url":"${'x'.repeat(200)}"}`,
    );
    log.rotate();
    // Room for one of its three first records.
    limitFileSize(400_000);
    stop('closing', false);
    log.flush();
    expect(told).toEqual(['ill']);
    unlimitFileSize();
    log.flush();
    await log.close();
    const records = readChain(dir);
    const second = records.slice(records.findIndex(({ number }) => number === 2));
    const first = second.findIndex(({ event }) => event !== 'segment');
    expect(second.slice(0, first).flatMap((record) => record.open)).toHaveLength(3000);
    expect(second.slice(first).some(({ event }) => event === 'segment')).toBe(false);
  });

  it.each([
    ['cut', -10, 'truncated'],
    ['made longer', 10, 'damaged'],
  ])(
    'goes on in a new segment where the live one was %s by somebody, and says so',
    async (_, by, reason) => {
      open();
      stop('before', false);
      log.flush();
      const path = join(dir, 'egress.1.jsonl');
      const { size } = statSync(path);
      truncateSync(path, size + by);
      stop('after', false);
      log.flush();
      expect(log.healthy()).toBe(true);
      expect(log.status().segment).toBe(2);
      await log.close();
      const records = readFileSync(join(dir, 'egress.2.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(records[0]).toMatchObject({ event: 'segment', number: 2 });
      expect(records.find(({ event }) => event === 'log_recovered')).toMatchObject({
        file: 'egress.1.jsonl',
        reason,
        offset: Math.min(size, size + by),
      });
      expect(statSync(path).size).toBe(size + by);
    },
  );

  it.each(['at its time', 'at a stop'])(
    'signs nothing behind a cut that somebody made (%s)',
    async (moment) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      open();
      stop('before', false);
      log.flush();
      const path = join(dir, 'egress.1.jsonl');
      const cut = statSync(path).size - 10;
      truncateSync(path, cut);
      if (moment === 'at its time') {
        vi.advanceTimersByTime(LIMITS.checkpointMs);
        expect(log.status().segment).toBe(2);
      }
      vi.useRealTimers();
      await log.close();
      const second = readFileSync(join(dir, 'egress.2.jsonl'), 'utf8').trim().split('\n');
      const events = second.map((line) => JSON.parse(line).event);
      expect(events).toEqual(['segment', 'log_recovered', 'checkpoint']);
      expect(statSync(path).size).toBe(cut);
    },
  );

  it('goes on in a new segment where its folder was taken away, with the same chain', async () => {
    open();
    stop('before', false);
    log.flush();
    renameSync(dir, `${dir}.taken`);
    stop('while');
    log.flush();
    expect(told).toEqual(['written before', 'ill', 'withdrawn while']);
    mkdirSync(dir);
    stop('after', false);
    log.flush();
    expect(log.healthy()).toBe(true);
    await log.close();
    const [first, ...others] = readFileSync(join(dir, 'egress.2.jsonl'), 'utf8').split('\n');
    const before = readChain(`${dir}.taken`);
    expect(JSON.parse(first ?? '')).toMatchObject({ event: 'segment', seq: before.length + 1 });
    expect(others.join()).toContain('"reason":"gone"');
    rmSync(`${dir}.taken`, { recursive: true });
  });
});
