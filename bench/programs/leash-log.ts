// What leash's own log says about a measurement: that all of it was answered, and is in it.

import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { parseSegmentName } from '../../src/shared/segments.ts';
import { type LogRecord, segmentFiles } from '../../test/support/leash-records.ts';
import type { Begun } from './begun-log.ts';
import type { Totals } from './program.ts';

/** `answered` are whole ones with status 200. */
export type Found = {
  intents: number;
  answered: { -readonly [name in keyof Totals]: number };
  /** Bytes of answers that are text, and those of them of which the log has a copy. */
  textBytes: number;
  copiedBytes: number;
  /** The first that ended in another way, or has a shorter copy than it had to. */
  strange: LogRecord | null;
};

export function nothingFound(): Found {
  const answered = { requests: 0, requestBytes: 0, answerBytes: 0 };
  return { intents: 0, answered, textBytes: 0, copiedBytes: 0, strange: null };
}

/**
 * Each request has one intent and one end, with status 200 and whole bodies; text is copied to its last
 * byte; nothing else is there, behind the records that leash began with. The leash has ended.
 */
export async function checkLeashLog(
  logPath: string,
  totals: Totals,
  begun: Begun = { segment: 0, seq: 0 },
): Promise<void> {
  const found = nothingFound();
  for (const file of await segmentFiles(logPath)) {
    if ((parseSegmentName(basename(logPath), basename(file)) ?? 0) < begun.segment) continue;
    const bytes = createReadStream(file);
    const input = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
    for await (const line of createInterface({ input })) {
      const record: LogRecord = JSON.parse(line);
      if (record.seq > begun.seq) addRecord(found, record);
    }
  }
  const { intents, answered, textBytes, copiedBytes, strange } = found;
  const [is, shouldBe] = [JSON.stringify(answered), JSON.stringify(totals)];
  const isWhole = intents === totals.requests && is === shouldBe && textBytes === copiedBytes;
  if (isWhole && strange === null) return;
  const { event = '', res_truncated: cut = '' } = strange ?? {};
  const example =
    strange === null ? '' : `; ${event} ${cut} ${JSON.stringify(strange).slice(0, 500)}`;
  throw new Error(
    `${intents} intents, ${is} and ${copiedBytes} of ${textBytes} bytes of text in the record of ${shouldBe}${example}`,
  );
}

/** Adds what one record says; text is ASCII here, so characters are bytes. Pure. */
export function addRecord(found: Found, record: LogRecord): void {
  if (record.event === 'intent') found.intents += 1;
  else if (record.event === 'part' && record.dir === 'res') found.copiedBytes += record.body.length;
  else if (record.event === 'allowed' && isWhole(record)) {
    found.answered.requests += 1;
    found.answered.requestBytes += record.req_bytes ?? 0;
    found.answered.answerBytes += record.bytes ?? 0;
    if (record.res_truncated !== undefined) return;
    found.textBytes += record.bytes ?? 0;
    found.copiedBytes += record.res_body?.length ?? 0;
  } else if (ENDS.includes(record.event)) found.strange ??= record;
}

const ENDS = ['allowed', 'blocked', 'error', 'revoked'];

/** What the settings leave out of the copy (bytes that are no text) is counted all the same. */
function isWhole({ status, res_truncated }: LogRecord): boolean {
  return status === 200 && [undefined, 'content_type', 'off'].includes(res_truncated);
}
