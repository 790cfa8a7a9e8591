// The folder of a log after the fact, read without a line of leash's code: which records stand in it,
// and whether they are one chain of whole lines, each with its number, across all segments.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { LogRecord } from '../support/leash-records.ts';

export type FolderState = {
  readonly records: readonly LogRecord[];
  /** Ids of `intent` records, as often as they stand there. */
  readonly intents: readonly string[];
  readonly problems: readonly string[];
  /** Segments that have one of them. */
  readonly broken: readonly string[];
};

/**
 * `mayBeDamaged`: segments that a `log_recovered` record calls damaged are taken as they are, line by
 * line; what stands behind them must go on from their last line all the same.
 */
export function verifyFolder(dir: string, mayBeDamaged = false): FolderState {
  const segments = readSegments(dir);
  const records: LogRecord[] = [];
  const problems: string[] = [];
  const broken = new Set<string>();
  const complain = (name: string, problem: string) => {
    problems.push(`${name}${problem}`);
    broken.add(name);
  };
  const named = mayBeDamaged ? segments.flatMap(({ text }) => damagedFiles(text)) : [];
  const damaged = new Set(named);
  let [seq, prev] = [0, '0'.repeat(64)];
  let before = '';
  for (const { name, text } of segments) {
    const lines = text.split('\n');
    const previous = before;
    before = name;
    if (lines.pop() !== '' && !damaged.has(name)) complain(name, ' ends within a line');
    lines.forEach((line, index) => {
      const record = parse(line);
      // A damaged line has no number to go on from; the hash of its bytes stands for it. What lost its
      // end is not continued by the next segment either.
      const mayBreak = damaged.has(name) || (index === 0 && damaged.has(previous));
      if (record === null && !mayBreak) complain(name, `:${index + 1} is no record: ${line}`);
      if (record !== null && !mayBreak && (record.seq !== seq + 1 || record.prev !== prev)) {
        complain(name, `:${index + 1} has seq ${record.seq} after ${seq}, or another prev`);
      }
      if (record !== null) records.push(record);
      seq = Math.max(seq, record?.seq ?? 0);
      prev = createHash('sha256').update(Buffer.from(line, 'latin1')).digest('hex');
    });
  }
  const intents = records.filter(({ event }) => event === 'intent').map(({ id }) => String(id));
  if (new Set(intents).size !== intents.length) problems.push('an intent stands there twice');
  return { records, intents, problems, broken: [...broken] };
}

/** Plain and compressed ones in order of number; where both are there, the plain one counts. */
function readSegments(dir: string): { readonly name: string; readonly text: string }[] {
  const names = readdirSync(dir);
  return names
    .filter((name) => /^egress\.[1-9]\d*\.jsonl(\.gz)?$/.test(name))
    .filter((name) => !name.endsWith('.gz') || !names.includes(name.slice(0, -3)))
    .sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1]))
    .map((name) => {
      const bytes = readFileSync(join(dir, name));
      // Latin-1: hashes are over bytes, also over those that are no UTF-8.
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
      return { name, text };
    });
}

function damagedFiles(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.includes('"event":"log_recovered"') && line.includes('"damaged"'))
    .map((line) => String(parse(line)?.file));
}

function parse(line: string): LogRecord | null {
  try {
    const value = JSON.parse(line);
    return typeof value === 'object' && typeof value?.seq === 'number' ? value : null;
  } catch {
    return null;
  }
}
