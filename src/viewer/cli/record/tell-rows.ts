// Rows on standard output: lines for a person, JSON for a program; and on standard error what the person
// has to know about them. Knows no verb.

import type { Row } from '../../store/row.ts';
import { painter, show } from '../paint.ts';
import { type Call, EXIT } from '../table/verb.ts';
import type { Skipped } from './all-rows.ts';
import type { OpenRecord } from './open-record.ts';
import { rowJson, rowText } from './row-text.ts';

/** Writes a row, and waits for a slow reader. */
export function rowWriter({ io, json }: Call): (row: Row) => Promise<void> {
  const form = { paint: painter(io), columns: io.screen?.columns ?? null };
  return (row) => io.write(`${json ? rowJson(row) : rowText(row, form)}\n`);
}

/** What was understood otherwise than it may be meant. */
export function tellNotes({ io, json }: Call, notes: readonly string[]): void {
  if (json) return;
  for (const note of notes) io.err(`leashctl: ${show(note)}`);
}

/** There is nothing to search: whoever has the wrong path is not to take that for an answer. */
export function tellNoLog({ io }: Call, { logPath }: OpenRecord): number {
  io.err(`leashctl: there is no log at ${show(logPath)}: LOG_PATH or --log says where it is`);
  return EXIT.unreachable;
}

/** The exit code of a search, and what it could not look at. */
export function endOfSearch({ io }: Call, count: number, skipped: Skipped): number {
  const { lines, segments, isInterrupted = false } = skipped;
  if (lines > 0) io.err(`leashctl: ${lines} lines are too long for records, and were left out`);
  if (segments.size > 0) {
    const names = [...segments].sort((a, b) => a - b).join(', ');
    io.err(`leashctl: not all could be read: segment ${names}`);
    return count > 0 && !isInterrupted ? EXIT.ok : EXIT.failure;
  }
  if (isInterrupted) return EXIT.interrupted;
  return count > 0 ? EXIT.ok : EXIT.nothing;
}
