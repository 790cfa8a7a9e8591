// The file `run/metrics.json`: what the primary and its workers have counted, for the viewer to show.
// Holds nothing secret. Pure: whoever calls reads and writes the file.

import { areCounts, slotCount } from './meter.ts';
import { PRIMARY_METRICS, WORKER_SLOTS } from './metric-tables.ts';

export type MetricsFile = {
  /** Of the primary's run: numbers of another one are not those of the status file. */
  readonly bootId: string;
  /** By `PRIMARY_METRICS`. */
  readonly primary: readonly number[];
  /** By `WORKER_METRICS`; those of workers that are gone are in the sums. */
  readonly workers: readonly number[];
};

const PRIMARY_SLOTS = slotCount(PRIMARY_METRICS);

/** Text of the file → its numbers; null where it is none, or of a leash that counts other things. */
export function parseMetricsFile(text: string): MetricsFile | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { bootId, primary, workers } = value as Record<string, unknown>;
  if (typeof bootId !== 'string') return null;
  if (!areCounts(primary, PRIMARY_SLOTS) || !areCounts(workers, WORKER_SLOTS)) return null;
  return { bootId, primary, workers };
}
