// Damage to single records: what the chain alone shows, and what it cannot.

import { changeLine, type DamageCase, linesOf, newest } from './log-damage.ts';
import { hashOf, signedLog } from './signed-log.ts';

export const RECORD_DAMAGES: readonly DamageCase[] = [
  { name: 'nothing', expect: { outcome: 'VERIFIED' } },
  { name: 'nothing, and the key is known', given: 'key', expect: { outcome: 'VERIFIED' } },
  { name: 'nothing, and checkpoints were kept', given: 'before', expect: { outcome: 'VERIFIED' } },
  { name: 'segments are compressed', compressed: [1, 2], expect: { outcome: 'VERIFIED' } },
  {
    name: 'a log without checkpoints',
    log: () => signedLog({ signer: null }),
    expect: { outcome: 'VERIFIED' },
  },
  {
    name: 'a record changed',
    lines: (log) => changeLine(linesOf(log, 2), 4),
    expect: { outcome: 'DAMAGED', seq: 18, file: 'egress.2.jsonl' },
  },
  {
    name: 'a record changed in a compressed segment',
    compressed: [2],
    lines: (log) => changeLine(linesOf(log, 2), 4),
    expect: { outcome: 'DAMAGED', seq: 18, file: 'egress.2.jsonl.gz' },
  },
  {
    name: 'the first record of all changed',
    lines: (log) =>
      linesOf(log, 1).splice(0, 1, (linesOf(log, 1)[0] ?? '').replace('"seq":1', '"seq":7')),
    expect: { outcome: 'DAMAGED', seq: 1, file: 'egress.1.jsonl' },
  },
  {
    name: 'a checkpoint changed',
    lines: (log) =>
      linesOf(log, 2).splice(6, 1, (linesOf(log, 2)[6] ?? '').replace('"epoch":1', '"epoch":2')),
    expect: { outcome: 'DAMAGED', seq: 20, file: 'egress.2.jsonl' },
  },
  {
    name: 'the checkpoint at the end of a segment changed',
    lines: (log) =>
      linesOf(log, 2).splice(
        12,
        1,
        (linesOf(log, 2)[12] ?? '').replace('"event":"c', '"event":"k'),
      ),
    expect: { outcome: 'DAMAGED', seq: 26, file: 'egress.2.jsonl' },
  },
  {
    name: 'the last record of a segment changed, which nothing signs',
    log: () => signedLog({ signer: null }),
    lines: (log) => changeLine(linesOf(log, 1), 10),
    expect: { outcome: 'DAMAGED', seq: 11, file: 'egress.1.jsonl' },
  },
  {
    name: 'the last record of the log changed, which nothing covers yet',
    lines: (log) => changeLine(newest(log), newest(log).length - 1),
    expect: { outcome: 'VERIFIED' },
  },
  {
    name: 'the last record of the log cut short',
    lines: (log) => newest(log).push(`${newest(log).pop()?.slice(0, -9)}}`),
    expect: { outcome: 'DAMAGED', seq: 41, file: 'egress.3.jsonl' },
  },
  {
    name: 'a record deleted',
    lines: (log) => linesOf(log, 2).splice(4, 1),
    expect: { outcome: 'MISSING', seq: 18, file: 'egress.2.jsonl' },
  },
  {
    name: 'the first record of a segment deleted',
    lines: (log) => linesOf(log, 2).splice(0, 1),
    expect: { outcome: 'MISSING', seq: 14, file: 'egress.2.jsonl' },
  },
  {
    name: 'the last records of a segment deleted',
    lines: (log) => linesOf(log, 1).splice(10),
    expect: { outcome: 'MISSING', seq: 11, file: 'egress.1.jsonl' },
  },
  {
    name: 'a record twice',
    lines: (log) => linesOf(log, 2).splice(4, 0, linesOf(log, 2)[4] ?? ''),
    expect: { outcome: 'DAMAGED', seq: 18, file: 'egress.2.jsonl' },
  },
  {
    name: 'two records changed places',
    lines: (log) =>
      linesOf(log, 2).splice(4, 2, linesOf(log, 2)[5] ?? '', linesOf(log, 2)[4] ?? ''),
    expect: { outcome: 'DAMAGED', seq: 18, file: 'egress.2.jsonl' },
  },
  {
    name: 'a record inserted, linked to the one before it',
    lines: (log) => {
      const before = linesOf(log, 2)[3] ?? '';
      const forged = `{"seq":18,"prev":"${hashOf(before)}","ts":1,"event":"allowed","id":"1-1-1"}`;
      linesOf(log, 2).splice(4, 0, forged);
    },
    expect: { outcome: 'DAMAGED', seq: 18, file: 'egress.2.jsonl' },
  },
];
