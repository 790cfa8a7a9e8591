// Holds the record of a run against what its origin saw and what its clients got: nothing that was
// forwarded is missing from it, nothing that was answered has no end on it, no flow ends twice.

import { OPENING_EVENTS, TERMINAL_EVENTS } from '../../src/shared/audit-event.ts';
import type { LogRecord } from './leash-records.ts';
import type { LoadRequest } from './load.ts';
import type { LoadOrigin } from './load-origin.ts';

export type Outcome = {
  readonly seen: number;
  readonly records: number;
  /** The origin saw it and no intent names it. */
  readonly unlogged: number;
  /** The origin's answer arrived whole and no outcome or error names it. */
  readonly unended: number;
  /** Flows with two last records, or one before the first. */
  readonly disordered: number;
  /** Flows without a last record. */
  readonly open: number;
  /** Numbers that are missing or given twice, and links that are not the hash of a line. */
  readonly gaps: number;
};

/** What a run that lost nothing is held to; `open` is a matter of what was killed. */
export const NOTHING_LOST = { unlogged: 0, unended: 0, disordered: 0, gaps: 0 };

export function checkLoad(
  origin: LoadOrigin,
  requests: readonly LoadRequest[],
  records: readonly LogRecord[],
): Outcome {
  const intents = new Set<string>();
  const ends = new Set<string>();
  const flows = new Map<string, 'open' | 'ended'>();
  let disordered = 0;
  let gaps = 0;
  records.forEach((record, index) => {
    if (record.seq !== index + 1) gaps += 1;
    if (record.event === 'intent') intents.add(record.url);
    if (TERMINAL_EVENTS.has(record.event) && record.url !== undefined) ends.add(record.url);
    if (!record.id || record.id.split('-')[1] === '0') return;
    if (OPENING_EVENTS.has(record.event)) {
      if (flows.has(record.id)) disordered += 1;
      flows.set(record.id, 'open');
    } else if (TERMINAL_EVENTS.has(record.event)) {
      if (flows.get(record.id) === 'ended') disordered += 1;
      flows.set(record.id, 'ended');
    }
  });
  const served = requests.filter(({ whole, refusal, status }) => whole && !refusal && status > 0);
  return {
    seen: origin.seen.size,
    records: records.length,
    unlogged: [...origin.seen.keys()].filter((url) => !intents.has(url)).length,
    unended: served.filter(({ url }) => !ends.has(url)).length,
    disordered,
    open: [...flows.values()].filter((state) => state === 'open').length,
    gaps,
  };
}

/** Flows that began in an earlier start of leash than `epoch` and have no last record. */
export function openBefore(records: readonly LogRecord[], epoch: number): string[] {
  const open = new Set<string>();
  for (const { event, id } of records) {
    if (OPENING_EVENTS.has(event)) open.add(id);
    else if (TERMINAL_EVENTS.has(event)) open.delete(id);
  }
  return [...open].filter((id) => Number(id.split('-')[0]) < epoch);
}
