// What was verified, in words for people and as JSON for programs. Pure. Of the log itself only numbers
// and hex digits get here, and names of files are escaped: a log may have been written to be shown.

import { formatJson } from '../../shared/audit-line.ts';
import type { Outcome, Problem } from './segment-report.ts';
import type { Verification } from './verify-log.ts';

/** How an outcome is called in a terminal; docs/verify.py uses the same words. */
const WORDS: Readonly<Record<Outcome, string>> = {
  torn: 'TORN',
  damaged: 'DAMAGED',
  missing: 'MISSING',
  truncated: 'TRUNCATED',
  re_signed: 'RE-SIGNED',
};

/** More tell nobody more, and the first one is on top. */
const MAX_PROBLEMS = 100;

export type Pinned = { readonly keys: readonly string[]; readonly from: string };

/** The first line says it all: the first problem, or that there is none. */
export function formatVerdict(found: Verification, pinned: Pinned): string {
  const { problems } = found;
  const lines = problems.slice(0, MAX_PROBLEMS).map(formatProblem);
  if (problems.length > MAX_PROBLEMS) lines.push(`and ${problems.length - MAX_PROBLEMS} more`);
  if (problems.length === 0) {
    lines.push(`VERIFIED ${many(found.records, 'record')}, ${range(found)}`);
  }
  const rows: [string, string][] = [
    ['records', `${number(found.records)}, ${range(found)}`],
    ['segments', segments(found)],
    ['signed', signed(found)],
    ['key', key(found, pinned)],
    ['kept', kept(found)],
  ];
  if (found.hasUnchained) rows.push(['not chained', 'segment 0, which an older program wrote']);
  if (found.isLive) rows.push(['live', 'leash wrote on while the newest segment was read']);
  return [...lines, ...rows.map(([name, value]) => `${name.padEnd(12)} ${value}`)].join('\n');
}

export function verdictJson(found: Verification, pinned: Pinned): object {
  return {
    outcome: found.problems[0]?.outcome ?? 'verified',
    records: found.records,
    first_seq: found.firstSeq,
    last_seq: found.lastSeq,
    segments: found.segments,
    deleted: found.deleted,
    not_chained: found.hasUnchained ? [0] : [],
    checkpoints: found.checkpoints,
    signed_seq: found.signedSeq,
    unsigned_records: found.lastSeq - found.signedSeq,
    keys: found.keys,
    pinned_keys: pinned.keys,
    kept: {
      own: found.ownCheckpoints,
      given: found.givenCheckpoints,
      found: found.found,
      deleted: found.foundDeleted,
    },
    live: found.isLive,
    problems: found.problems.slice(0, MAX_PROBLEMS).map(({ isReported, ...problem }) => ({
      ...problem,
      reported: isReported ?? false,
    })),
    more_problems: Math.max(0, found.problems.length - MAX_PROBLEMS),
  };
}

/** `DAMAGED seq 7 egress.1.jsonl byte 930: ...`: number, file and place of the first bad record. */
function formatProblem({ outcome, seq, file, offset, what, isReported }: Problem): string {
  const reported = isReported ? ' (leash says so itself, in log_recovered)' : '';
  return `${WORDS[outcome]} seq ${seq} ${plainName(file)} byte ${offset}: ${what}${reported}`;
}

/** A name of ordinary letters stands as it is; all else is quoted, and escaped down to ASCII. */
export function plainName(name: string): string {
  if (/^[\w./-]{1,255}$/.test(name)) return name;
  return formatJson(name.slice(0, 255)).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function range({ firstSeq, lastSeq, records }: Verification): string {
  return records === 0 ? 'none' : `seq ${firstSeq} to ${lastSeq}`;
}

function segments({ segments: count, deleted }: Verification): string {
  return deleted === 0
    ? number(count)
    : `${number(count)}, and ${number(deleted)} deleted before, with a record of it`;
}

function signed({ checkpoints, signedSeq, lastSeq, problems }: Verification): string {
  if (checkpoints === 0)
    return 'nothing: the chain alone, which who can write all of it can make anew';
  const behind = lastSeq - signedSeq;
  const rest =
    behind === 0 ? 'all of them' : `${many(behind, 'record')} behind it by the chain alone`;
  const claim = problems.length === 0 ? '' : '; the records named above are not covered';
  return `up to seq ${signedSeq} by ${many(checkpoints, 'checkpoint')}, ${rest}${claim}`;
}

function key({ keys }: Verification, pinned: Pinned): string {
  if (pinned.keys.length > 0) return `pinned by ${plainName(pinned.from)}`;
  const [first] = keys;
  if (first === undefined) return 'none';
  const others = keys.length > 1 ? ` and ${keys.length - 1} more` : '';
  return `${first}${others}, NOT PINNED: compare it with the one you kept, or give it with --key`;
}

function kept(found: Verification): string {
  const { ownCheckpoints, givenCheckpoints, foundDeleted } = found;
  if (ownCheckpoints === null && givenCheckpoints === 0) {
    return 'no checkpoints beside the log: what was cut off at its end would not show';
  }
  const own = ownCheckpoints === null ? [] : [`${number(ownCheckpoints)} beside the log`];
  const given = givenCheckpoints === 0 ? [] : [`${number(givenCheckpoints)} of --checkpoint`];
  const gone = foundDeleted === 0 ? '' : `, ${number(foundDeleted)} about deleted segments`;
  return `checkpoints: ${[...own, ...given].join(', ')}; ${number(found.found)} in the log${gone}`;
}

function many(count: number, what: string): string {
  return `${number(count)} ${what}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
