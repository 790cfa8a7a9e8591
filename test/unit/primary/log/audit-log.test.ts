import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditLog, AuditLogDeps } from '../../../../src/primary/log/audit-log.ts';
import { MAX_RECORD_BYTES } from '../../../../src/shared/audit-event.ts';
import { limitFileSize, unlimitFileSize } from '../../../support/limit-file-size.ts';
import { readChain } from '../../../support/log-files.ts';
import { openLog } from '../../../support/open-log.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

describe('openAuditLog()', () => {
  let temp: TempDir;
  const health: string[] = [];
  const fatal: string[] = [];

  beforeEach(async () => {
    temp = await tempDir();
    health.length = 0;
    fatal.length = 0;
  });
  afterEach(async () => {
    unlimitFileSize();
    await temp.close();
  });

  function open(changes: Partial<AuditLogDeps> = {}): AuditLog {
    return openLog(join(temp.path, 'egress.jsonl'), {
      onHealth: (problem) => health.push(problem),
      onFatal: (error) => fatal.push(error.message),
      ...changes,
    });
  }
  const written = (log: AuditLog, members = '"reason":"x"') =>
    new Promise<void>((resolve) => log.append('stop', '1-0-1', members, resolve));
  const path = () => join(temp.path, 'egress.jsonl');
  /** What the chain holds, its own signatures aside. */
  const recorded = () => readChain(temp.path).filter(({ event }) => event !== 'checkpoint');

  it('acknowledges a record when it is in the file, not before', async () => {
    const log = open();
    let acked = false;
    log.append('stop', '1-0-1', '"reason":"x"', () => {
      acked = true;
      expect(readFileSync(path(), 'utf8')).toContain('"reason":"x"');
    });
    expect(acked).toBe(false);
    await expect.poll(() => acked).toBe(true);
    await log.close();
    expect(recorded().map(({ event }) => event)).toEqual(['segment', 'stop']);
  });

  it('writes what came in one turn in order', async () => {
    // Invariant: opening, closing and captured records leave the queue only by being written, in order.
    const log = open();
    for (let n = 0; n < 5000; n += 1) log.note('stop', { reason: `r${n}` });
    await written(log);
    await log.close();
    const reasons = recorded().flatMap(({ event, reason }) => (event === 'stop' ? reason : []));
    expect(reasons.slice(0, -1)).toEqual(Array.from({ length: 5000 }, (_, n) => `r${n}`));
  });

  it('begins a segment before a batch that would not fit, and says what is still open', async () => {
    const flow = '{"id":"1-1-7","event":"intent","client":"127.0.0.1"}';
    const log = open({ openFlows: () => [flow] });
    for (let n = 0; n < 40; n += 1) await written(log, `"reason":"${'x'.repeat(100_000)}"`);
    await log.close();
    const records = recorded();
    const segments = records.filter(({ event }) => event === 'segment');
    expect(segments.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    expect(segments[3]?.open).toEqual([JSON.parse(flow)]);
    for (const name of readdirSync(temp.path).filter((each) => /\.\d+\./.test(each))) {
      expect(statSync(join(temp.path, name)).size).toBeLessThanOrEqual(1024 * 1024);
    }
  });

  it('lists open flows in further records where one does not hold them', async () => {
    const flows = Array.from(
      { length: 5000 },
      (_, n) => `{"id":"1-1-${n + 1}","event":"intent","url":"${'x'.repeat(100)}"}`,
    );
    const log = open({ openFlows: () => flows });
    await log.close();
    const records = recorded();
    expect(records.length).toBeGreaterThan(2);
    expect(records.every(({ event }) => event === 'segment')).toBe(true);
    expect(records.flatMap((record) => record.open)).toEqual(flows.map((flow) => JSON.parse(flow)));
  });

  it('refuses a record that is too long, and stays usable', async () => {
    const log = open();
    expect(() => log.append('stop', '1-0-1', 'x'.repeat(MAX_RECORD_BYTES))).toThrow(RangeError);
    await written(log);
    await log.close();
    expect(recorded()).toHaveLength(2);
  });

  it('says at once that it cannot be written, keeps what waits, and goes on when it can', async () => {
    const log = open();
    await written(log);
    limitFileSize(log.status().bytes + 50);
    const late = written(log, '"reason":"late"');
    await expect.poll(() => log.healthy()).toBe(false);
    expect(health).toEqual([expect.stringContaining('EFBIG')]);
    expect(log.status().problem).toContain('egress.1.jsonl');
    log.note('stop', { reason: 'later' });
    unlimitFileSize();
    await late;
    expect(log.healthy()).toBe(true);
    expect(health.at(-1)).toBe('');
    await log.close();
    const records = recorded();
    expect(records.map(({ reason }) => reason)).toEqual([
      undefined,
      'x',
      'late',
      'later',
      undefined,
    ]);
    expect(records.at(-1)).toMatchObject({ event: 'audit_suspended', from: 1_700_000_000 });
    expect(records.at(-1)?.refused).toBeUndefined();
  });

  it('has the end of a suspension on the log also when it is closed at that moment', async () => {
    const log = open();
    await written(log);
    limitFileSize(log.status().bytes + 50);
    log.note('stop', { reason: 'x'.repeat(100) });
    log.flush();
    expect(log.healthy()).toBe(false);
    unlimitFileSize();
    await log.close();
    expect(recorded().at(-1)?.event).toBe('audit_suspended');
  });

  it('says how many requests it had no room for, and stops the reading before memory is full', async () => {
    const log = open();
    await written(log);
    limitFileSize(log.status().bytes + 50);
    const members = `"reason":"${'x'.repeat(MAX_RECORD_BYTES - 300)}"`;
    expect(log.pauseFor(() => {})).toBe(false);
    let resumed = 0;
    let count = 0;
    const resume = () => {
      resumed += 1;
    };
    for (; !log.pauseFor(resume); count += 1) log.append('stop', '1-0-1', members);
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(140);
    await expect.poll(() => log.healthy()).toBe(false);
    log.countRefused();
    log.countRefused();
    expect({ resumed, fatal }).toEqual({ resumed: 0, fatal: [] });
    unlimitFileSize();
    await expect.poll(() => log.healthy()).toBe(true);
    expect(resumed).toBe(1);
    await log.close();
    expect(recorded().at(-1)).toMatchObject({ event: 'audit_suspended', refused: 2 });
  });

  it('puts records into a segment also where its own first ones are longer than a segment', async () => {
    const flow = JSON.stringify({ id: '1-1-1', event: 'intent', url: 'x'.repeat(1000) });
    const log = open({ openFlows: () => Array<string>(1500).fill(flow) });
    for (let n = 0; n < 3000; n += 1) await written(log, `"reason":"${'x'.repeat(300)}"`);
    await log.close();
    // 1.5 MB of records, in pieces of half a segment; the link is a name, too.
    const names = readdirSync(temp.path).filter((name) => name.endsWith('.jsonl'));
    expect(names.length).toBeGreaterThan(3);
    expect(names.length).toBeLessThan(7);
  });

  it('gives up for good when more waits than memory may hold', () => {
    const log = open();
    limitFileSize(1);
    const members = `"reason":"${'x'.repeat(MAX_RECORD_BYTES - 300)}"`;
    for (let n = 0; n < 300; n += 1) log.append('stop', '1-0-1', members);
    expect(fatal[0]).toMatch(/bytes wait/);
  });

  it('durable: acknowledges after the disk has it, many records with one sync', async () => {
    const log = open({ audit: 'durable' });
    await Promise.all(Array.from({ length: 500 }, () => written(log)));
    await Promise.all(Array.from({ length: 500 }, () => written(log)));
    await log.close();
    expect(recorded()).toHaveLength(1001);
  });

  it('records what recovery found, in a chain that goes on', async () => {
    const first = open();
    await written(first);
    await first.close();
    appendFileSync(path(), '{"torn');
    const second = open();
    expect(second.epoch).toBe(2);
    await second.close();
    expect(recorded().at(-1)).toMatchObject({
      event: 'log_recovered',
      id: '2-0-1',
      reason: 'torn_tail',
      file: 'egress.1.jsonl',
      last_seq: 3,
      bytes: 6,
    });
  });

  it('flush() leaves nothing waiting', async () => {
    const log = open();
    log.note('stop', { reason: 'x' });
    log.flush();
    expect(recorded()).toHaveLength(2);
    await log.close();
  });

  it('throws where the folder cannot be used', () => {
    expect(() => open({ logPath: join(temp.path, 'missing', 'egress.jsonl') })).toThrow('ENOENT');
  });
});
