// Rows on standard output: lines for a person, JSON for a program; and on standard error what the person
// has to know about them. Knows no verb.

import type { Row } from '../../store/row.ts';
import { painter, show } from '../paint.ts';
import { type Call, EXIT } from '../table/verb.ts';
import type { Skipped } from './all-rows.ts';
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

/** The exit code of a search, and what it could not look at. */
export function endOfSearch({ io }: Call, count: number, skipped: Skipped): number {
  const { lines, segments } = skipped;
  if (lines > 0) io.err(`leashctl: ${lines} lines are too long for records, and were left out`);
  if (segments.size > 0) {
    const names = [...segments].sort((a, b) => a - b).join(', ');
    io.err(`leashctl: not all could be read: segment ${names}`);
    return count > 0 ? EXIT.ok : EXIT.failure;
  }
  return count > 0 ? EXIT.ok : EXIT.nothing;
}
