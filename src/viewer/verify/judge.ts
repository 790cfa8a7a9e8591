// From the reports of all segments to what can be said about the log: pure, and told in tables by its
// test. It opens no file and words nothing for a terminal but the sentence of each problem.

import { readCheckpoint } from '../../shared/checkpoint.ts';
import { checkLine, type Exported, linesBetween } from './exported.ts';
import { collectDeletions, type Deletions, missingBefore, type Segment, startOf } from './links.ts';
import type { Change, Finding, Outcome, Problem, SegmentReport } from './segment-report.ts';

type Evidence = {
  /** In order; the last one is the newest. */
  readonly segments: readonly Segment[];
  readonly nameOf: (number: number) => string;
  /** Keys that are known from elsewhere; empty: none is. */
  readonly keys: readonly string[];
  /** The caller named the key, so that a log without a signature is none of that key's. */
  readonly mustBeSigned: boolean;
  readonly exported: Exported;
};

export type Verdict = {
  /** By number of the record; empty: verified. */
  readonly problems: readonly Problem[];
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly deleted: number;
  readonly checkpoints: number;
  readonly signedSeq: number;
  /** Keys of the checkpoints, in the order in which they begin. */
  readonly keys: readonly string[];
  readonly found: number;
  /** Kept checkpoints about segments that leash deleted. */
  readonly foundDeleted: number;
};

/** Stand behind others about the same record: a record that was changed is no witness of more. */
const LATER: readonly Outcome[] = ['truncated', 're_signed'];

export function judge(evidence: Evidence): Verdict {
  const { segments, nameOf, exported } = evidence;
  const deletions = collectDeletions(segments);
  const problems: Problem[] = [...exported.problems];
  const signers = new Signers(evidence.keys);
  let deleted = 0;
  segments.forEach(({ report }, index) => {
    const missing = missingBefore(segments, index, deletions, nameOf);
    if (missing !== null) problems.push(missing);
    else deleted += report.number - 1 - (segments[index - 1]?.report.number ?? 0);
    const signed = signers.follow(report);
    const problem = firstProblem({ segments, index, deletions, exported }, signed);
    if (problem !== null) problems.push(problem);
  });
  const firstSeq =
    (startOf(segments, 0, deletions)?.seq ?? segments[0]?.report.first?.seq ?? 0) + 1;
  const lastSeq = segments.at(-1)?.report.records
    ? (segments.at(-1)?.report.last.seq ?? 0)
    : (startOf(segments, segments.length - 1, deletions)?.seq ?? 0);
  problems.push(...truncation(evidence, lastSeq));
  if (deleted > 0) problems.push(...signers.strangers(exported, firstSeq));
  const checkpoints = sum(segments, ({ report }) => report.checkpoints);
  if (evidence.mustBeSigned && checkpoints === 0) problems.push(unsigned(segments, firstSeq));
  const reported = new Set(segments.flatMap(({ report }) => report.reported));
  return {
    problems: problems
      .map((problem) =>
        reported.has(problem.file.replace(/\.gz$/, ''))
          ? { ...problem, isReported: true }
          : problem,
      )
      .sort((a, b) => a.seq - b.seq || rankOf(a) - rankOf(b)),
    records: sum(segments, ({ report }) => report.records),
    firstSeq,
    lastSeq,
    deleted,
    checkpoints,
    signedSeq: segments.reduce((seq, { report }) => Math.max(seq, report.signedSeq), 0),
    keys: signers.keys,
    found: sum(segments, ({ report }) => report.found),
    foundDeleted: deleted > 0 ? [...linesBetween(exported, 1, firstSeq)].length : 0,
  };
}

type Place = {
  readonly segments: readonly Segment[];
  readonly index: number;
  readonly deletions: Deletions;
  readonly exported: Exported;
};

/** The first problem of one segment: what comes behind it can no longer be told from its consequences. */
function firstProblem(place: Place, signed: readonly Finding[]): Problem | null {
  const segment = place.segments[place.index];
  if (segment === undefined) return null;
  const { report, file } = segment;
  const found: Problem[] = [...report.findings, ...signed].map((finding) => ({ ...finding, file }));
  if (report.mismatch !== null) found.push(rewritten(place, file, report.mismatch));
  const limit = report.damage?.offset ?? Infinity;
  const first = found.filter(({ offset }) => offset < limit).sort((a, b) => a.offset - b.offset)[0];
  return first ?? chainProblem(place, segment) ?? tailProblem(place, segment);
}

function chainProblem(place: Place, { report, file }: Segment): Problem | null {
  const { damage } = report;
  if (damage === null) return null;
  const before = place.segments[place.index - 1];
  const follows = before !== undefined && before.report.number === report.number - 1;
  if (damage.kind === 'missing') {
    const what = 'records that were here are gone';
    // A segment that begins as it should has lost nothing: the one before it has lost its end.
    return damage.offset === 0 && follows && report.hasHeader
      ? { outcome: 'missing', seq: damage.seq, file: before.file, offset: before.report.end, what }
      : { outcome: 'missing', seq: damage.seq, file, offset: damage.offset, what };
  }
  const start = startOf(place.segments, place.index, place.deletions);
  if (damage.offset > 0 || start === null || damage.seq !== start.seq) {
    const what = 'the record is not the one that was written';
    return { outcome: 'damaged', seq: damage.seq, file, offset: damage.offset, what };
  }
  if (follows && before.report.records > 0 && !before.report.isLastSigned) {
    const what = 'the last record of the file is not the one that the next file continues';
    const { lastStart: offset } = before.report;
    return { outcome: 'damaged', seq: damage.seq, file: before.file, offset, what };
  }
  const what = 'the file does not continue the log: it is of another one, or was written anew';
  return { outcome: 'damaged', seq: start.seq + 1, file, offset: 0, what };
}

function tailProblem({ segments, index, deletions }: Place, segment: Segment): Problem | null {
  const { report, file } = segment;
  const last = report.records > 0 ? report.last : startOf(segments, index, deletions);
  const place = { seq: (last?.seq ?? 0) + 1, file, offset: report.end };
  if (report.unreadable !== null) return { outcome: 'damaged', ...place, what: report.unreadable };
  if (report.tornBytes === 0 || report.isGrowing) return null;
  const half = `${report.tornBytes} bytes behind the last whole record`;
  return index === segments.length - 1 && !file.endsWith('.gz')
    ? { outcome: 'torn', ...place, what: `${half}, as a crash or a copy leaves them` }
    : { outcome: 'damaged', ...place, what: `${half}, in a file that was finished` };
}

/** A kept line and a record of the same number differ: which of the two is no good? */
function rewritten(
  { exported }: Place,
  file: string,
  at: { seq: number; offset: number },
): Problem {
  for (const line of linesBetween(exported, at.seq, at.seq + 1)) {
    const problem = checkLine(line);
    if (problem !== null) return problem;
  }
  const what = 'a checkpoint that was kept has this number, and the log has another record there';
  return { outcome: 're_signed', ...at, file, what };
}

/** Kept checkpoints about records that the log does not reach. */
function truncation({ segments, exported, nameOf }: Evidence, lastSeq: number): Problem[] {
  const problems: Problem[] = [];
  const newest = segments.at(-1);
  for (const line of linesBetween(exported, lastSeq + 1)) {
    const problem = checkLine(line);
    if (problem !== null) {
      problems.push(problem);
      continue;
    }
    const what = `a checkpoint that was kept is about record ${line.seq}, and the log ends before it`;
    const place = { seq: lastSeq + 1, file: newest?.file ?? nameOf(1) };
    problems.push({ outcome: 'truncated', ...place, offset: newest?.report.end ?? 0, what });
    break;
  }
  return problems;
}

function unsigned(segments: readonly Segment[], seq: number): Problem {
  const what = 'a key is given, and no checkpoint of the log is signed';
  return { outcome: 're_signed', seq, file: segments[0]?.file ?? '', offset: 0, what };
}

/** Follows who signs, and in which epoch, from segment to segment. */
class Signers {
  readonly #pinned: readonly string[];
  readonly keys: string[] = [];
  #key = '';
  #epoch = 0;

  constructor(pinned: readonly string[]) {
    this.#pinned = pinned;
  }

  follow({ keys, epochs }: SegmentReport): Finding[] {
    const findings: Finding[] = [];
    for (const change of keys) {
      if (this.#isStrange(change.value)) findings.push(this.#anotherKey(change));
      this.#key = change.value;
      if (!this.keys.includes(change.value)) this.keys.push(change.value);
    }
    if (epochs === null) return findings;
    const { value, seq, offset } = epochs.first;
    if (value < this.#epoch) {
      const what = `epoch ${value} behind epoch ${this.#epoch}: the log was set back`;
      findings.push({ outcome: 're_signed', seq, offset, what });
    }
    this.#epoch = Math.max(this.#epoch, epochs.last);
    return findings;
  }

  /** Kept checkpoints about what was deleted, by another key than the log's. */
  strangers(exported: Exported, before: number): Problem[] {
    const known = this.#pinned.length > 0 ? this.#pinned : this.keys.slice(0, 1);
    if (known.length === 0) return [];
    for (const { seq, file, offset, bytes } of linesBetween(exported, 1, before)) {
      if (known.some((key) => bytes.includes(key))) continue;
      const key = readCheckpoint(bytes)?.key;
      if (key === undefined) continue;
      const what = `a checkpoint that was kept is signed with another key (${key})`;
      return [{ outcome: 're_signed', seq, file, offset, what }];
    }
    return [];
  }

  #isStrange(key: string): boolean {
    if (key === this.#key || this.#pinned.includes(key)) return false;
    return this.#pinned.length > 0 || this.#key !== '';
  }

  #anotherKey({ value, seq, offset }: Change<string>): Finding {
    const than = this.#key === '' ? 'the one that is known' : `${this.#key} before it`;
    const what = `signed with another key (${value}) than ${than}`;
    return { outcome: 're_signed', seq, offset, what };
  }
}

function rankOf({ outcome }: Problem): number {
  return LATER.includes(outcome) ? 1 : 0;
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}
