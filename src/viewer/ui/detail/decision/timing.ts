// The times of a flow as shares of a bar: waiting for the first byte, and the transfer. Pure.

import type { Flow } from '../../../store/flow.ts';

type Timing = {
  readonly waitMs: number;
  readonly transferMs: number;
  readonly totalMs: number;
  /** Of the whole bar, in percent. */
  readonly waitShare: number;
};

/** Null: the record does not say how long it took. */
export function timingOf({ row, fields }: Pick<Flow, 'row' | 'fields'>): Timing | null {
  const totalMs = row.duration_ms;
  if (totalMs === null || totalMs < 0) return null;
  const first = fields.ttfb_ms;
  // Without a first byte all of it was waiting.
  const waitMs = typeof first === 'number' && first >= 0 ? Math.min(first, totalMs) : totalMs;
  const waitShare = totalMs === 0 ? 100 : Math.round((waitMs / totalMs) * 1000) / 10;
  return { waitMs, transferMs: totalMs - waitMs, totalMs, waitShare };
}
