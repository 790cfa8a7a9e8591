// Is the record whole, signed and searchable, and how long does the CA live? Pure.

import type { Status } from '../../../shared/status.ts';
import { count, type Finding, fail, ok, unknown, warn } from './finding.ts';

export type RecordFacts = {
  readonly status: Status | null;
  readonly nowS: number;
  readonly checkpoint: { readonly seq: number; readonly ts: number } | null;
  /** Finished segments, and how many of them have an index; null: the folders cannot be read. */
  readonly index: { readonly segments: number; readonly indexed: number } | null;
  readonly hasViewer: boolean;
  /** When the CA expires, in seconds since 1970; null: it cannot be read. */
  readonly caExpiryS: number | null;
};

const DAY_S = 86_400;
/** A checkpoint is due a minute after a record at the latest. */
const CHECKPOINT_S = 300;

/** It can be written, and is what was written. */
export function checkRecord({ status }: RecordFacts): Finding {
  if (status === null) return unknown('record', 'leash has not said how it is', 'start it');
  const { healthy, problem, seq, check } = status.log;
  if (!healthy) return fail('record', problem, 'make room, or the folder writable: leash goes on');
  const [first] = check.damage;
  if (first !== undefined) {
    return fail(
      'record',
      `${count(check.damage.length, 'place')} damaged, the first in ${first.file} at record ${first.seq}`,
      'keep a copy of the folder, then run leashctl verify',
    );
  }
  return ok('record', `writable, ${count(seq, 'record')}, no damage known`);
}

/** What was written was signed. */
export function checkCheckpoint({ status, checkpoint, nowS }: RecordFacts): Finding {
  if (status === null) return unknown('checkpoint', 'leash has not said how it is', 'start it');
  if (checkpoint === null) {
    return nowS - status.startedAt / 1000 < CHECKPOINT_S
      ? ok('checkpoint', 'none is due yet')
      : fail('checkpoint', 'there is none beside the log', 'is egress.checkpoints writable?');
  }
  const unsigned = status.log.seq - checkpoint.seq;
  const ageS = Math.max(0, Math.round(nowS - checkpoint.ts));
  if (unsigned > 0 && ageS > CHECKPOINT_S) {
    return fail(
      'checkpoint',
      `${count(unsigned, 'record')} came after the last one, ${ageS} s ago`,
      'one is due each minute: is the folder of the log writable, and leash alive?',
    );
  }
  return ok(
    'checkpoint',
    `the last one is ${ageS} s old, ${count(Math.max(0, unsigned), 'record')} since`,
  );
}

/** Searches need not read lines. */
export function checkIndex({ index, hasViewer }: RecordFacts): Finding {
  if (!hasViewer) return ok('index', 'none is made: the viewer is off');
  if (index === null) return unknown('index', 'it cannot be read', 'run it as root');
  const missing = index.segments - index.indexed;
  return missing > 0
    ? warn(
        'index',
        `${missing} of ${count(index.segments, 'finished segment')} have no index: searches read their lines`,
        'wait: the viewer makes one after the other; it needs room in LEASH_STATE_DIR',
      )
    : ok('index', `of ${count(index.segments, 'finished segment')}`);
}

/** The CA is good for a while. */
export function checkCaExpiry({ caExpiryS, nowS }: RecordFacts): Finding {
  if (caExpiryS === null) {
    return unknown('CA', 'ca.pem cannot be read', 'leash makes it at its first start');
  }
  const days = Math.floor((caExpiryS - nowS) / DAY_S);
  const fix = 'make a new one now: every agent has to be given it before';
  if (days < 0) return fail('CA', 'it has expired: no agent trusts leash', fix);
  if (days < 14) return fail('CA', `it expires in ${count(days, 'day')}`, fix);
  if (days < 90) return warn('CA', `it expires in ${count(days, 'day')}`, fix);
  return ok('CA', `it expires in ${count(days, 'day')}`);
}
