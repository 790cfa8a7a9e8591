// Reads what leash wrote, from disk, with a parser of its own: JSON.parse on whole lines.

import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseSegmentName } from '../../src/shared/segments.ts';
import { checkRecord } from './check-record.ts';

/** A record as a test reads it: names of the published schema, values unchecked by the compiler. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads any member and asserts its value
export type LogRecord = Record<string, any>;

/** All records of all segments, oldest first. Throws where one breaks the published schema. */
export async function readRecords(logPath: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (const file of await segmentFiles(logPath)) {
    // Deleted since the folder was read, with a record of that in a later one.
    const text = await segmentText(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return '';
    });
    // What follows the last newline of the live segment is a line that is still being written.
    for (const line of text.split('\n').slice(0, -1)) {
      const record: LogRecord = JSON.parse(line);
      const problems = checkRecord(record);
      if (problems.length > 0) {
        throw new Error(`Record breaks the schema: ${problems.join('; ')}\n${line}`);
      }
      records.push(record);
    }
  }
  return records;
}

/** A segment's lines, compressed or not; it may be compressed at this moment. */
export async function segmentText(file: string): Promise<string> {
  if (file.endsWith('.gz')) return gunzipSync(await readFile(file)).toString('utf8');
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return segmentText(`${file}.gz`);
  });
}

/** Paths of the segments, oldest first, each once; none where the folder does not exist yet. */
export async function segmentFiles(logPath: string): Promise<string[]> {
  const dir = dirname(logPath);
  const names = await readdir(dir).catch(() => [] as string[]);
  return names
    .map((name) => ({ name, number: parseSegmentName(basename(logPath), name) }))
    .filter(({ number }) => number !== null)
    .filter(({ name }) => !(name.endsWith('.gz') && names.includes(name.slice(0, -3))))
    .sort((a, b) => (a.number ?? 0) - (b.number ?? 0))
    .map((segment) => join(dir, segment.name));
}

/** The copy of one body as text. */
export function joinBody(
  records: readonly LogRecord[],
  outcome: LogRecord,
  dir: 'req' | 'res',
): string {
  return joinBytes(records, outcome, dir).toString('utf8');
}

/** The copy of one body, put together from the record and the `part` records before it. */
export function joinBytes(
  records: readonly LogRecord[],
  outcome: LogRecord,
  dir: 'req' | 'res',
): Buffer {
  const parts = records.filter(
    (record) => record.event === 'part' && record.id === outcome.id && record.dir === dir,
  );
  if (parts.length !== (outcome[`${dir}_parts`] ?? 0)) {
    throw new Error(`${outcome.id} has ${parts.length} parts, not ${outcome[`${dir}_parts`]}`);
  }
  const pieces = parts.map((part) => decode(part.body, part.encoding));
  pieces.push(decode(outcome[`${dir}_body`] ?? '', outcome[`${dir}_encoding`]));
  return Buffer.concat(pieces);
}

function decode(body: string, encoding: string | undefined): Buffer {
  return Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8');
}
