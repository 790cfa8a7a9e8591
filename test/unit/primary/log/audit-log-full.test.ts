// The log while it cannot be written: what is withdrawn, what still gets its place, what is counted.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditLog, AuditLogDeps } from '../../../../src/primary/log/audit-log.ts';
import { readCheckpoint } from '../../../../src/shared/checkpoint.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { limitFileSize, unlimitFileSize } from '../../../support/limit-file-size.ts';
import { readChain } from '../../../support/log-files.ts';
import { makeSigner, openLog } from '../../../support/open-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

describe('openAuditLog(), while the log cannot be written', () => {
  let temp: TempDir;
  let dir: string;
  let log: AuditLog;
  const told: string[] = [];

  beforeEach(async () => {
    temp = await tempDir();
    dir = join(temp.path, 'logs');
    mkdirSync(dir);
    told.length = 0;
  });
  afterEach(async () => {
    unlimitFileSize();
    await temp.close();
  });

  function open(changes: Partial<AuditLogDeps> = {}): void {
    log = openLog(join(dir, 'egress.jsonl'), {
      onHealth: (problem) => told.push(problem === '' ? 'well' : 'ill'),
      onStuck: () => told.push('stuck'),
      onFatal: (error) => told.push(`fatal: ${error.message}`),
      ...changes,
    });
  }
  const stop = (reason: string, withdraw = true) =>
    log.append(
      'stop',
      '1-1-1',
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

describe('openAuditLog() signs', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await tempDir();
  });
  afterEach(() => temp.close());

  it('every thousand records, the last one of each segment, and the end; never nothing', async () => {
    const lines: string[] = [];
    const signer = makeSigner();
    const options = { signer, onCheckpoint: (line: string) => lines.push(line) };
    const log = openLog(join(temp.path, 'egress.jsonl'), options);
    const members = `"reason":"${'x'.repeat(250)}"`;
    for (let n = 0; n < 6000; n += 1) log.append('stop', '1-1-1', members);
    log.flush();
    await log.close();
    const records = readChain(temp.path);
    const signed = records.filter(({ event }) => event === 'checkpoint');
    expect(signed.map(({ seq }) => seq)).toEqual(lines.map((line) => JSON.parse(line).seq));
    for (const line of lines) {
      expect(readCheckpoint(Buffer.from(line))).toMatchObject({ key: signer.key, epoch: 1 });
    }
    let since = 0;
    for (const { event } of records) {
      since = event === 'checkpoint' ? 0 : since + 1;
      expect(since).toBeLessThanOrEqual(LIMITS.checkpointRecords);
    }
    expect(since).toBe(0);
    const heads = records.filter(({ event }) => event === 'segment').slice(1);
    expect(heads.length).toBeGreaterThan(1);
    for (const { seq } of heads) expect(records[seq - 2]?.event).toBe('checkpoint');

    const again = openLog(join(temp.path, 'egress.jsonl'), options);
    await again.close();
    expect(readChain(temp.path)).toHaveLength(records.length);
  });
});
