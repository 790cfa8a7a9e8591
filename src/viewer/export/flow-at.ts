// The flow of a record whose place is known: its last record alone, where that is all there is.

import { endsFlow } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import { readLineAt } from '../proof/line-at.ts';
import { type Flow, type FlowDeps, flowOfRecord, readFlow } from '../store/flow.ts';
import { parsePosition } from '../store/position-text.ts';

/** `at`: `segment:offset`. Null: there is no record at that place any more. */
export async function flowAt(search: FlowDeps, at: string, redact: boolean): Promise<Flow | null> {
  const place = parsePosition(at);
  const line = place === null ? null : await readLineAt(search.log, place);
  const record = line && parseLine(line.bytes.toString());
  if (place === null || !record) return null;
  // Most records hold their bodies: the log need not be searched for parts.
  const hasParts = record.req_parts !== undefined || record.res_parts !== undefined;
  if (endsFlow(record.event) && !hasParts) return flowOfRecord(search, { record, place }, redact);
  return readFlow(search, { id: record.id || '-', at, redact });
}
