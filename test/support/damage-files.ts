// What crashes, disks and copies do to files: torn, zeroed, cut off, twice.

import { rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DamageCase, linesOf, signer } from './log-damage.ts';
import { compress, LogWriter, textOf } from './signed-log.ts';

const appendTo = (name: string, bytes: Buffer | string) => (dir: string) =>
  writeFile(join(dir, name), bytes, { flag: 'a' });
/** A segment of more than two members, and the place of its second one in the compressed file. */
const longLog = () =>
  new LogWriter({ signer }).records(150, 4000).checkpoint().segment().records(2).checkpoint().log;
const LONG = compress(textOf(linesOf(longLog(), 1)));
const FIRST_MEMBER = LONG.readUInt32LE(16);
/** The first record that does not end in the first member. */
const BEHIND_FIRST_MEMBER = wholeLines(linesOf(longLog(), 1), 256 * 1024) + 1;

function wholeLines(lines: readonly string[], bytes: number): number {
  let end = 0;
  const index = lines.findIndex((line) => {
    end += line.length + 1;
    return end > bytes;
  });
  return index < 0 ? lines.length : index;
}

async function cutBytes(dir: string, name: string, count: number): Promise<void> {
  const path = join(dir, name);
  await truncate(path, (await stat(path)).size - count);
}

export const FILE_DAMAGES: readonly DamageCase[] = [
  {
    name: 'half a line at the end',
    files: appendTo('egress.3.jsonl', '{"seq":42,"prev":"'),
    expect: { outcome: 'TORN', seq: 42, file: 'egress.3.jsonl' },
  },
  {
    name: 'the last newline lost',
    files: (dir) => cutBytes(dir, 'egress.3.jsonl', 1),
    expect: { outcome: 'TORN', seq: 41, file: 'egress.3.jsonl' },
  },
  {
    name: 'zeros at the end',
    files: appendTo('egress.3.jsonl', Buffer.alloc(8192)),
    expect: { outcome: 'TORN', seq: 42, file: 'egress.3.jsonl' },
  },
  {
    name: 'more zeros at the end than a record may have',
    files: appendTo('egress.3.jsonl', Buffer.alloc(600_000)),
    expect: { outcome: 'TORN', seq: 42, file: 'egress.3.jsonl' },
  },
  {
    name: 'half a line at the end of a finished segment',
    files: appendTo('egress.2.jsonl', '{"seq":27'),
    expect: { outcome: 'DAMAGED', seq: 27, file: 'egress.2.jsonl' },
  },
  {
    name: 'a byte of a compressed segment changed',
    log: longLog,
    compressed: [1],
    files: (dir) => {
      const bytes = Buffer.from(LONG);
      bytes[FIRST_MEMBER + 100] = (bytes[FIRST_MEMBER + 100] ?? 0) ^ 1;
      return writeFile(join(dir, 'egress.1.jsonl.gz'), bytes);
    },
    expect: { outcome: 'DAMAGED', seq: BEHIND_FIRST_MEMBER, file: 'egress.1.jsonl.gz' },
  },
  {
    name: 'a compressed segment cut off within a member',
    log: longLog,
    compressed: [1],
    files: (dir) => truncate(join(dir, 'egress.1.jsonl.gz'), FIRST_MEMBER + 50),
    expect: { outcome: 'DAMAGED', seq: BEHIND_FIRST_MEMBER, file: 'egress.1.jsonl.gz' },
  },
  {
    name: 'a compressed segment cut off between two members',
    log: longLog,
    compressed: [1],
    files: (dir) => truncate(join(dir, 'egress.1.jsonl.gz'), FIRST_MEMBER),
    expect: { outcome: 'DAMAGED', seq: BEHIND_FIRST_MEMBER, file: 'egress.1.jsonl.gz' },
  },
  {
    name: 'a segment both plain and compressed: the plain one counts',
    files: appendTo('egress.2.jsonl.gz', 'half of it'),
    expect: { outcome: 'VERIFIED' },
  },
  {
    name: 'no file of checkpoints',
    files: (dir) => rm(join(dir, 'egress.checkpoints')),
    expect: { outcome: 'VERIFIED' },
  },
  {
    name: 'half a line in the file of checkpoints',
    files: appendTo('egress.checkpoints', '{"seq":'),
    expect: { outcome: 'VERIFIED' },
  },
  {
    name: 'a line that is none in the file of checkpoints',
    files: appendTo('egress.checkpoints', 'x\n'),
    expect: { outcome: 'DAMAGED', seq: 0, file: 'egress.checkpoints' },
  },
  {
    name: 'a checkpoint that nobody signed in the file of checkpoints',
    lines: (log) =>
      log.checkpoints?.push((log.checkpoints[0] ?? '').replace('"seq":7', '"seq":99')),
    expect: { outcome: 'DAMAGED', seq: 99, file: 'egress.checkpoints' },
  },
];
