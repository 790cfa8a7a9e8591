// All lines of the log that belong to one flow, as they stand on the disk: its last record, its parts
// and messages, and the record that opened it. Newest first, found by reading backwards for a bounded
// time, so that nothing has to be held.

import { opensFlow } from '../../shared/audit-event.ts';
import { parseLine } from '../../shared/audit-line.ts';
import { readLineAt } from '../proof/line-at.ts';
import type { SearchDeps } from '../store/page.ts';
import type { Position } from '../store/segment-reader.ts';
import { readLinesBackward } from '../store/segment-reader.ts';

/** As for the page's own search of a flow. */
const MAX_MS = 2000;
const MAX_BYTES = 512 * 1024 * 1024;
/** Clocks may be set while a flow runs. */
const SLACK_S = 60;

/** Lines of the flow whose record stands at a place; that one alone where it names no flow. */
export async function* flowLines(deps: SearchDeps, place: Position): AsyncGenerator<Buffer> {
  const main = await readLineAt(deps.log, place);
  if (main === null) return;
  yield main.bytes;
  const record = parseLine(main.bytes.toString());
  const id = typeof record?.id === 'string' ? record.id : '';
  // What was refused, and what the original wrote, is one line; so is what opens a flow.
  if (record === null || id === '' || place.segment === 0 || record.event === 'blocked') return;
  if (opensFlow(record.event)) return;
  const needle = JSON.stringify(id);
  const oldest = Number(record.ts) - Number(record.duration_ms ?? 0) / 1000 - SLACK_S;
  const stopAt = deps.now() + MAX_MS;
  let bytes = 0;
  for await (const batch of readLinesBackward(deps.log, place)) {
    for (const [index, line] of batch.lines.entries()) {
      bytes += line.end - line.start;
      const isLast = index === batch.lines.length - 1;
      if (line.bytes === null || (!isLast && !line.bytes.includes(needle))) continue;
      const found = parseLine(line.bytes.toString());
      if (found?.id === id) yield line.bytes;
      if (found?.id === id && opensFlow(found.event)) return;
      if (Number(found?.ts) < oldest && record.event !== 'websocket') return;
    }
    if (bytes >= MAX_BYTES || deps.now() >= stopAt) return;
  }
}
