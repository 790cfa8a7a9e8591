// The newest records, for what they say about clients and clocks. Reads a bounded part of the log.

import { endsFlow } from '../../../../shared/audit-event.ts';
import { parseLine } from '../../../../shared/audit-line.ts';
import { LogFolder } from '../../../store/log-folder.ts';
import { readLinesBackward } from '../../../store/segment-reader.ts';
import type { Seen } from '../client-checks.ts';
import type { ClockFacts } from '../clock-checks.ts';

export type LogTail = Pick<ClockFacts, 'newestTs' | 'backwards'> & {
  /** Those with the most requests first. */
  readonly seen: readonly Seen[];
};

/** Some ten thousand records: a second of reading. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Null: the log cannot be read. */
export async function readLogTail(logPath: string): Promise<LogTail | null> {
  const clients = new Map<string, number>();
  let bytes = 0;
  let newestTs: number | null = null;
  let backwards: LogTail['backwards'] = null;
  let newer: { readonly seq: number; readonly ts: number } | null = null;
  try {
    for await (const batch of readLinesBackward(new LogFolder(logPath))) {
      for (const line of batch.lines) {
        bytes += line.end - line.start;
        const record: Readonly<Record<string, unknown>> | null =
          line.bytes === null ? null : parseLine(line.bytes.toString());
        const { seq, ts, client, event } = record ?? {};
        // Lines of the original have no number.
        if (typeof seq !== 'number' || typeof ts !== 'number') continue;
        newestTs ??= ts;
        const byS: number = newer === null ? 0 : ts - newer.ts;
        if (newer !== null && byS > (backwards?.byS ?? 0)) backwards = { seq: newer.seq, byS };
        newer = { seq, ts };
        if (typeof client !== 'string' || !endsFlow(event)) continue;
        clients.set(client, (clients.get(client) ?? 0) + 1);
      }
      if (bytes > MAX_BYTES) break;
    }
  } catch {
    return null;
  }
  const seen = [...clients]
    .map(([address, requests]) => ({ address, requests }))
    .sort((one, other) => other.requests - one.requests);
  return { seen, newestTs, backwards };
}
