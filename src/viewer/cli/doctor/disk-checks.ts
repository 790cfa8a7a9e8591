// Is there room, and for how long? Pure.

import { bytesText, type Finding, fail, ok, unknown, warn } from './finding.ts';

type Room = { readonly free_bytes: number; readonly total_bytes: number };

export type DiskFacts = {
  /** Null: it cannot be asked. */
  readonly log: Room | null;
  readonly state: Room | null;
  /** What the segments take now. */
  readonly logBytes: number;
  /** Null: the log is too young to say. */
  readonly growthPerDay: number | null;
  /** `LEASH_RETAIN_MB` in bytes; 0: everything is kept. */
  readonly retainBytes: number;
};

const FIX = 'set LEASH_RETAIN_MB or LEASH_RETAIN_DAYS, or add room: on a full disk nothing passes';
/** CA, status and indexes need some megabytes. */
const STATE_BYTES = 100e6;

/** The disk of the log. */
export function checkLogDisk({ log, logBytes, growthPerDay, retainBytes }: DiskFacts): Finding {
  const check = 'log disk';
  if (log === null)
    return unknown(
      check,
      'the folder of LOG_PATH is not there, or not to be seen',
      'run it as root',
    );
  const share = log.free_bytes / log.total_bytes;
  const free = `${bytesText(log.free_bytes)} free (${Math.floor(share * 100)} %)`;
  // A log that is bounded stops growing.
  const still = retainBytes > 0 ? Math.max(0, retainBytes - logBytes) : Number.POSITIVE_INFINITY;
  const fits = still < log.free_bytes;
  const days = growthPerDay === null || growthPerDay < 1 ? null : log.free_bytes / growthPerDay;
  const lasts =
    fits || days === null ? '' : `, for ${days < 10 ? days.toFixed(1) : Math.round(days)} days`;
  if (share < 0.05 || (!fits && days !== null && days < 2)) return fail(check, free + lasts, FIX);
  if (retainBytes > 0 && !fits) {
    const limit = bytesText(retainBytes);
    return warn(check, `${free}, and the log may grow to ${limit}`, 'lower LEASH_RETAIN_MB');
  }
  if (share < 0.15 || (!fits && days !== null && days < 14)) return warn(check, free + lasts, FIX);
  return ok(check, free + lasts);
}

/** The disk of the state folder. */
export function checkStateDisk({ state }: DiskFacts): Finding {
  const check = 'state disk';
  if (state === null)
    return unknown(check, 'LEASH_STATE_DIR is not there, or not to be seen', 'run it as root');
  const free = `${bytesText(state.free_bytes)} free`;
  return state.free_bytes < STATE_BYTES
    ? warn(check, free, 'make room where LEASH_STATE_DIR is')
    : ok(check, free);
}
