// What is cut off, dropped or given another name: records and whole segments.

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type DamageCase, newest, replaceKept, signer } from './log-damage.ts';
import { hashOf, LogWriter, type SignedLog } from './signed-log.ts';

/** Three segments, the first one deleted with a record about it in the third. */
function thinnedLog(lastHash?: string): SignedLog {
  const writer = new LogWriter({ signer });
  writer.records(5).checkpoint().segment().records(5).checkpoint().segment();
  const first = writer.log.segments[0]?.lines ?? [];
  writer.add('segment_deleted', {
    file: 'egress.1.jsonl.gz',
    number: 1,
    first_seq: 1,
    last_seq: first.length,
    last_hash: lastHash ?? hashOf(first.at(-1) ?? ''),
    bytes: 5000,
  });
  writer.records(2).checkpoint();
  writer.log.segments.shift();
  return writer.log;
}

export const SEGMENT_DAMAGES: readonly DamageCase[] = [
  {
    name: 'the last 5 records dropped',
    lines: (log) => newest(log).splice(-5),
    expect: { outcome: 'TRUNCATED', seq: 37, file: 'egress.3.jsonl' },
  },
  {
    name: 'the last 5 records dropped, with the file of checkpoints',
    lines: (log) => {
      newest(log).splice(-5);
      log.checkpoints = null;
    },
    expect: { outcome: 'VERIFIED' },
  },
  {
    name: 'the last 5 records dropped, with the file of checkpoints; some were kept elsewhere',
    lines: (log) => {
      newest(log).splice(-5);
      replaceKept(log);
    },
    given: 'before',
    expect: { outcome: 'TRUNCATED', seq: 37, file: 'egress.3.jsonl' },
  },
  {
    name: 'the newest segment dropped',
    lines: (log) => log.segments.pop(),
    expect: { outcome: 'TRUNCATED', seq: 27, file: 'egress.2.jsonl' },
  },
  {
    name: 'all segments dropped',
    lines: (log) => log.segments.splice(0),
    expect: { outcome: 'TRUNCATED', seq: 1, file: 'egress.1.jsonl' },
  },
  {
    name: 'a segment in the middle dropped',
    lines: (log) => log.segments.splice(1, 1),
    expect: { outcome: 'MISSING', seq: 14, file: 'egress.2.jsonl' },
  },
  {
    name: 'the first segment dropped',
    lines: (log) => log.segments.shift(),
    expect: { outcome: 'MISSING', seq: 1, file: 'egress.1.jsonl' },
  },
  { name: 'the first segment deleted by leash', log: thinnedLog, expect: { outcome: 'VERIFIED' } },
  {
    name: 'a segment deleted by leash, and the next one dropped',
    log: thinnedLog,
    lines: (log) => log.segments.shift(),
    expect: { outcome: 'MISSING', seq: 8, file: 'egress.2.jsonl' },
  },
  {
    name: 'a record of a deletion with another hash',
    log: () => thinnedLog('f'.repeat(64)),
    expect: { outcome: 'DAMAGED', seq: 8, file: 'egress.2.jsonl' },
  },
  {
    name: 'two segments with each other’s names',
    files: async (dir) => {
      await rename(join(dir, 'egress.2.jsonl'), join(dir, 'x'));
      await rename(join(dir, 'egress.3.jsonl'), join(dir, 'egress.2.jsonl'));
      await rename(join(dir, 'x'), join(dir, 'egress.3.jsonl'));
    },
    expect: { outcome: 'MISSING', seq: 14, file: 'egress.2.jsonl' },
  },
];
