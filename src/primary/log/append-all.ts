// Puts many records on the log without filling its queue: in slices, each waiting for the one before.

import type { EventName } from '../../shared/audit-event.ts';
import { lineBound } from './segment-writer.ts';

type Log = {
  append(event: EventName, id: string, members: string, onWritten?: () => void): void;
};

/**
 * All flows of a busy worker would not fit into the log's queue, and what does not fit there ends the process.
 * So much does, also where all of 256 workers, the most that there can be, die at once.
 */
export const SLICE_BYTES = 64 * 1024;

/** Resolves when the log has taken all of them. */
export async function appendAll(
  log: Log,
  event: EventName,
  records: Iterable<{ readonly id: string; readonly members: string }>,
): Promise<void> {
  let unwritten = 0;
  for (const { id, members } of records) {
    unwritten += lineBound(members);
    if (unwritten < SLICE_BYTES) {
      log.append(event, id, members);
      continue;
    }
    unwritten = 0;
    await new Promise<void>((resolve) => log.append(event, id, members, resolve));
  }
}
