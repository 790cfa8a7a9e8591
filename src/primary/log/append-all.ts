// Puts many records on the log without filling its queue: in slices, each waiting for the one before.

import type { EventName } from '../../shared/audit-event.ts';

type Log = {
  append(event: EventName, id: string, members: string, onWritten?: () => void): void;
};

/** All flows of a busy worker would not fit into the log's queue. */
const AT_ONCE = 4096;

/** Resolves when the log has taken all of them. */
export async function appendAll(
  log: Log,
  event: EventName,
  records: Iterable<{ readonly id: string; readonly members: string }>,
): Promise<void> {
  let unwritten = 0;
  for (const { id, members } of records) {
    unwritten += 1;
    if (unwritten < AT_ONCE) {
      log.append(event, id, members);
      continue;
    }
    unwritten = 0;
    await new Promise<void>((resolve) => log.append(event, id, members, resolve));
  }
}
