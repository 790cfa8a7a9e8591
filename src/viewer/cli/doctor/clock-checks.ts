// Are times on the record true? Pure.

import { type Finding, fail, ok, unknown, warn } from './finding.ts';

export type ClockFacts = {
  /** Whether the system says that its clock follows another one; null: it does not say. */
  readonly synchronised: boolean | null;
  /** Seconds since 1970. */
  readonly nowS: number;
  /** Of the newest record; null: there is none, or it cannot be read. */
  readonly newestTs: number | null;
  /** The largest step back between two records, newest ones only; null: none. */
  readonly backwards: { readonly seq: number; readonly byS: number } | null;
};

/** Records are written late by less than this, and clocks corrected by less. */
const SLACK_S = 2;

/** The clock follows a better one. */
export function checkClock({ synchronised }: ClockFacts): Finding {
  if (synchronised === null) {
    return unknown(
      'clock',
      'nobody says whether the clock is synchronised',
      'in a container the host does it; else look at timedatectl, or chronyc tracking',
    );
  }
  return synchronised
    ? ok('clock', 'synchronised')
    : warn(
        'clock',
        'the clock is not synchronised: times on the record may be wrong',
        'timedatectl set-ntp true, or install chrony',
      );
}

/** It was not set back while records were written. */
export function checkRecordTimes({ nowS, newestTs, backwards }: ClockFacts): Finding {
  const check = 'record times';
  if (newestTs === null) {
    return unknown(check, 'no record could be read', 'run it as root, when leash has run');
  }
  if (newestTs > nowS + SLACK_S) {
    return fail(
      check,
      `the newest record is ${Math.round(newestTs - nowS)} s in the future`,
      'the clock was set back: synchronise it',
    );
  }
  if (backwards !== null && backwards.byS > SLACK_S) {
    return warn(
      check,
      `the clock went back by ${Math.round(backwards.byS)} s before record ${backwards.seq}`,
      'order on the record is by number; synchronise the clock, so that it stays the only step',
    );
  }
  return ok(check, 'times only go forward');
}
