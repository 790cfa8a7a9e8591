// What a worker says about itself to the primary. A worker may be compromised, and some of this is
// shown on the operator's terminal: types are checked and texts are made printable. Pure.

import { areCounts } from './meter.ts';
import { WORKER_SLOTS } from './metric-tables.ts';

export type WorkerControl =
  | { readonly type: 'ready' }
  | { readonly type: 'listen_failed'; readonly code: string; readonly message: string }
  | { readonly type: 'policy_in_force'; readonly version: number }
  /** Refusals that could not be recorded while the primary did not read; seconds since 1970. */
  | {
      readonly type: 'unrecorded';
      readonly from: number;
      readonly to: number;
      readonly refused: number;
    }
  /** All that it has counted since its start, in the order of `WORKER_METRICS`. */
  | { readonly type: 'counts'; readonly values: readonly number[] }
  | { readonly type: 'drained' };

const MAX_TEXT = 300;
/** More than a worker can refuse between two reports, however long the primary did not read. */
const MAX_REFUSED = 1e9;

/** JSON text of a control frame → the message. Throws where it is none. */
export function readWorkerControl(text: string): WorkerControl {
  const value: unknown = JSON.parse(text);
  const fields = typeof value === 'object' && value !== null ? { ...value } : {};
  const { type, code, message, version, ...rest } = fields as Record<string, unknown>;
  if (type === 'ready' || type === 'drained') return { type };
  if (type === 'policy_in_force' && typeof version === 'number' && Number.isSafeInteger(version)) {
    return { type, version };
  }
  if (type === 'listen_failed' && typeof code === 'string' && typeof message === 'string') {
    return { type, code: printable(code), message: printable(message) };
  }
  if (type === 'unrecorded') {
    const [from = -1, to = -1, refused = -1] = [rest.from, rest.to, rest.refused].map(Number);
    const good = from >= 0 && to >= from && to < 1e11 && Number.isSafeInteger(refused);
    if (good && refused > 0 && refused <= MAX_REFUSED) return { type, from, to, refused };
  }
  if (type === 'counts' && areCounts(rest.values, WORKER_SLOTS)) {
    return { type, values: rest.values };
  }
  throw new RangeError('Cannot read control frame: unknown type, or a field of another type');
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_TEXT);
}
