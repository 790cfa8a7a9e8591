// A log by leash's own writer: segments, numbers, hashes and the link as in production.

import type { EventName } from '../../src/shared/audit-event.ts';
import { formatMembers } from '../../src/shared/audit-line.ts';
import { openLog } from './open-log.ts';

export type Entry = Readonly<Record<string, unknown>> & {
  readonly event: EventName;
  readonly id?: string;
};

/** Appends records in order; each is one second younger than the one before it. */
export async function writeLog(
  logPath: string,
  entries: readonly Entry[],
  rotateBytes = 128 * 1024 * 1024,
): Promise<void> {
  let now = 1_700_000_000_000;
  const log = openLog(logPath, {
    rotateBytes,
    audit: 'relaxed',
    now: () => {
      now += 1000;
      return now;
    },
  });
  for (const { event, id = '1-1-1', ...fields } of entries) {
    await new Promise<void>((resolve) => log.append(event, id, formatMembers(fields), resolve));
  }
  await log.close();
}
