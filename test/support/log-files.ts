// The log as another program sees it: lines of bytes, hashes, no code of leash's.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRecord } from './check-record.ts';
import type { LogRecord } from './leash-records.ts';

/** All lines of the segments of a folder, oldest first; a tail without a newline is a line, too. */
export function readLines(dir: string): string[] {
  const number = (name: string) => Number(name.split('.')[1]);
  return readdirSync(dir)
    .filter((name) => /^egress\.[1-9]\d*\.jsonl$/.test(name))
    .sort((a, b) => number(a) - number(b))
    .flatMap((name) => readFileSync(join(dir, name), 'utf8').split('\n'))
    .filter((line) => line !== '');
}

/** The records of a folder; throws where chain, numbers or schema are broken. */
export function readChain(dir: string): LogRecord[] {
  let prev = '0'.repeat(64);
  return readLines(dir).map((line, index) => {
    const record: LogRecord = JSON.parse(line);
    const problems = checkRecord(record);
    // What JSON.parse() takes without a word, with the last one's value.
    const names = memberNames(line);
    if (new Set(names).size < names.length) problems.push(`a member twice: ${names.join(' ')}`);
    if (record.seq !== index + 1) problems.push(`seq ${record.seq} at line ${index + 1}`);
    if (record.prev !== prev) problems.push(`prev of seq ${record.seq}`);
    if (problems.length > 0) throw new Error(`${problems.join('; ')}\n${line}`);
    prev = createHash('sha256').update(line).digest('hex');
    return record;
  });
}

/** Names of a line's own members, each as often as it stands there: not those in lists and objects. */
function memberNames(line: string): string[] {
  const strings = /"[^"\\]*(?:\\.[^"\\]*)*"(:?)/g;
  let own = line.slice(1, -1).replace(strings, (text, colon) => (colon === ':' ? text : '0'));
  for (let before = ''; before !== own; ) {
    [before, own] = [own, own.replace(/\{[^{}[\]]*\}|\[[^{}[\]]*\]/g, '0')];
  }
  return own.match(/"[^"]*":/g) ?? [];
}
