// Logs that somebody wrote anew, with a chain that holds: what signatures and kept copies show.

import {
  changeLine,
  type DamageCase,
  isCheckpoint,
  linesOf,
  other,
  replaceKept,
  signer,
} from './log-damage.ts';
import { LogWriter, rechain, type SignedLog, signedLog } from './signed-log.ts';

const dropCheckpoints = (log: SignedLog) => {
  for (const segment of log.segments) {
    segment.lines = segment.lines.filter((line) => !isCheckpoint(line));
  }
};

/** Another log with the same beginning, which a leash would write that was set back to it. */
function setBack(log: SignedLog): void {
  for (let at = 1; at < linesOf(log, 3).length; at += 1) changeLine(linesOf(log, 3), at);
  rechain(log, { segment: 2, line: 1 }, signer);
}

/** A changed record, and everything from there on signed with a key of the forger's own. */
function signAgain(log: SignedLog): void {
  changeLine(linesOf(log, 1), 2);
  rechain(log, { segment: 0, line: 1 }, other);
  replaceKept(log);
}

export const SIGNATURE_DAMAGES: readonly DamageCase[] = [
  {
    name: 'two logs spliced',
    lines: (log) => {
      log.segments.splice(1, 2, ...signedLog({ signer, mark: 'other' }).segments.slice(1));
      log.checkpoints = null;
    },
    expect: { outcome: 'DAMAGED', seq: 14, file: 'egress.2.jsonl' },
  },
  {
    name: 'a record changed and the chain made whole again',
    lines: (log) => {
      changeLine(linesOf(log, 1), 2);
      rechain(log, { segment: 0, line: 3 }, null);
    },
    expect: { outcome: 'DAMAGED', seq: 7, file: 'egress.1.jsonl' },
  },
  {
    name: 'the chain made whole again without checkpoints',
    lines: (log) => {
      changeLine(linesOf(log, 1), 2);
      dropCheckpoints(log);
      rechain(log, { segment: 0, line: 3 }, null);
    },
    expect: { outcome: 'RE-SIGNED', seq: 7, file: 'egress.1.jsonl' },
  },
  {
    name: 'the chain made whole again without checkpoints; the key is known',
    lines: (log) => {
      changeLine(linesOf(log, 1), 2);
      dropCheckpoints(log);
      rechain(log, { segment: 0, line: 3 }, null);
      log.checkpoints = null;
    },
    given: 'key',
    expect: { outcome: 'RE-SIGNED', seq: 1, file: 'egress.1.jsonl' },
  },
  {
    name: 'signed again with another key from the middle on',
    lines: (log) => {
      changeLine(linesOf(log, 2), 3);
      rechain(log, { segment: 1, line: 4 }, other);
      replaceKept(log);
    },
    expect: { outcome: 'RE-SIGNED', seq: 20, file: 'egress.2.jsonl' },
  },
  {
    name: 'all signed again with another key; the key is known',
    lines: signAgain,
    given: 'key',
    expect: { outcome: 'RE-SIGNED', seq: 7, file: 'egress.1.jsonl' },
  },
  {
    name: 'all signed again with another key; checkpoints were kept',
    lines: signAgain,
    given: 'before',
    expect: { outcome: 'RE-SIGNED', seq: 7, file: 'egress.1.jsonl' },
  },
  {
    name: 'all signed again with another key, and nothing was kept elsewhere',
    lines: signAgain,
    expect: { outcome: 'VERIFIED' },
  },
  {
    name: 'the epoch rolled back within the log',
    log: () => {
      const writer = new LogWriter({ signer, epoch: 3 }).records(4).checkpoint();
      writer.epoch = 2;
      return writer.segment().records(4).checkpoint().log;
    },
    expect: { outcome: 'RE-SIGNED', seq: 7, file: 'egress.2.jsonl' },
  },
  {
    name: 'the log rolled back and written on with the same key; checkpoints were kept',
    lines: (log) => {
      setBack(log);
      replaceKept(log);
    },
    given: 'before',
    expect: { outcome: 'RE-SIGNED', seq: 33, file: 'egress.3.jsonl' },
  },
];
