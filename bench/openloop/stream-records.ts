// What leash's own log says about the streams of a measurement: that all of their bytes are in it.

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { type LogRecord, segmentFiles } from '../../test/support/leash-records.ts';
import type { Numbers } from './distribution.ts';

/** What the measurement sent: `sent` streams with `bytesSent` in all. */
type Sent = Pick<Numbers, 'sent' | 'bytesSent'>;

/**
 * Throws where the log of the leash that was started in `dir`, and has ended, has fewer or more whole
 * streams or bytes of them, passed on or recorded, than were sent.
 */
export async function checkStreamRecords(dir: string, { sent, bytesSent }: Sent): Promise<void> {
  const found = { streams: 0, bytes: 0, recorded: 0, cut: 0 };
  await eachRecord(join(dir, 'logs', 'egress.jsonl'), (record) => addRecord(found, record));
  const wanted = { streams: sent, bytes: bytesSent, recorded: bytesSent, cut: 0 };
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`the record has ${JSON.stringify(found)} of ${JSON.stringify(wanted)}`);
  }
}

type Found = { streams: number; bytes: number; recorded: number; cut: number };

/** Adds what one record says; bodies of events are ASCII, so characters are bytes. Pure. */
export function addRecord(found: Found, record: LogRecord): void {
  if (record.event === 'part' && record.dir === 'res') found.recorded += record.body.length;
  if (record.event === 'error' || record.event === 'revoked') found.cut += 1;
  if (record.event !== 'allowed') return;
  found.streams += 1;
  found.bytes += record.bytes;
  found.recorded += record.res_body?.length ?? 0;
  if (record.res_truncated !== undefined) found.cut += 1;
}

/** All records of a log, oldest first, one at a time. */
export async function eachRecord(
  logPath: string,
  take: (record: LogRecord) => void,
): Promise<void> {
  for (const file of await segmentFiles(logPath)) {
    const bytes = createReadStream(file);
    const input = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
    for await (const line of createInterface({ input })) take(JSON.parse(line));
  }
}
