// The task of a thread: takes segments off a shared list, one after the other, reads each from its first
// byte to its last and gives every ask in it to one count. What it gives crosses threads.

import { closeSync, constants, openSync } from 'node:fs';
import { MAX_RECORD_BYTES } from '../../shared/audit-event.ts';
import { compilePolicy } from '../../shared/policy.ts';
import type { PolicySource } from '../../shared/policy-source.ts';
import { AskGroups, type GroupsFound } from '../suggest/ask-groups.ts';
import { readCompressed, readPlain } from '../verify/read-segment.ts';
import { AskJudge, type JudgeContext } from './ask-judge.ts';
import { LineScan } from './line-scan.ts';
import { OpenFlows, type OpensFound } from './open-flows.ts';
import { FlowReader } from './recorded-flow.ts';
import { type Flips, ReplayCount } from './replay-count.ts';

/** What is counted: flips from one policy to the other, or what an allowlist would have to have. */
export type Purpose =
  | { readonly kind: 'replay'; readonly after: PolicySource }
  | { readonly kind: 'suggest'; readonly agent: string };

export type ScanSetup = JudgeContext & {
  readonly purpose: Purpose;
  /** The policy in force; null: there is none to be read. */
  readonly present: PolicySource | null;
  /** Seconds since 1970: what is older is left out. */
  readonly sinceS: number;
};

export type ScanTask = {
  readonly setup: ScanSetup;
  /** Oldest first; paths without `.gz`. */
  readonly segments: readonly { readonly number: number; readonly path: string }[];
  /** Which of them is the next to be taken, for all threads together. */
  readonly next: Int32Array;
  /** Buffer of files that are done, of all threads together. */
  readonly progress: BigInt64Array;
};

/** Lines by what they were. */
export type ScanCounts = {
  lines: number;
  asks: number;
  /** Refused for what no rule changes. */
  standing: number;
  /** Nobody can tell what they asked. */
  unclear: number;
  /** They are no records. */
  damaged: number;
};

export type ScanResult = {
  readonly found: Flips | GroupsFound;
  readonly counts: ScanCounts;
  /** What some of them say of their host: text of anybody. */
  readonly unclearHosts: readonly string[];
  readonly opens: readonly OpensFound[];
  /** False: there was no room for all that was open or ended. */
  readonly knowsRunning: boolean;
  /** Segments that could not be read to their end, and why. */
  readonly unread: readonly string[];
  /** Of the asks; null: there is none. */
  readonly span: { readonly first: number; readonly last: number } | null;
};

/** A copy of another program may have longer ones. */
const MAX_LINE_BYTES = MAX_RECORD_BYTES + 64 * 1024;
/** Enough to see what they are. */
const MAX_UNCLEAR = 10;
const MAX_HOST_CHARS = 80;
const NEWLINE = 0x0a;

/** Reads what is left of the list. */
export function scanSegments(task: ScanTask): ScanResult {
  const scan = new LogScan(task.setup);
  const opens: OpensFound[] = [];
  const unread: string[] = [];
  for (;;) {
    const segment = task.segments[Atomics.add(task.next, 0, 1)];
    if (segment === undefined) break;
    const problem = scan.segment(segment.path, (bytes) =>
      Atomics.add(task.progress, 0, BigInt(bytes)),
    );
    if (problem !== null) unread.push(`${segment.path}: ${problem}`);
    opens.push(scan.takeOpens(segment.number));
  }
  return { ...scan.result(), opens, knowsRunning: !scan.opensAreFull, unread };
}

/** One count over any number of segments. */
export class LogScan {
  readonly #setup: ScanSetup;
  readonly #scan = new LineScan();
  readonly #reader = new FlowReader(this.#scan);
  readonly #counter: ReplayCount | AskGroups;
  readonly #counts: ScanCounts = { lines: 0, asks: 0, standing: 0, unclear: 0, damaged: 0 };
  readonly #unclearHosts = new Set<string>();
  readonly #opens = new OpenFlows();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(setup: ScanSetup) {
    this.#setup = setup;
    this.#counter = counterOf(setup);
  }

  /** Gives why it could not be read to its end, or null. */
  segment(path: string, onProgress: (bytes: number) => void): string | null {
    const lines = new LineCutter((line, offset) => this.line(line, offset));
    const handlers = { onBytes: (bytes: Buffer) => lines.push(bytes), onProgress };
    let fd: number | null = null;
    try {
      const plain = openFile(path);
      fd = plain ?? openFile(`${path}.gz`);
      // It was deleted since it was listed, as old ones are.
      if (fd === null) return 'it is gone';
      if (plain === null) return readCompressed(fd, handlers);
      readPlain(fd, 0, handlers);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      if (fd !== null) closeSync(fd);
    }
  }

  /** A line without its newline, valid during the call, and where it begins in its segment. */
  line(line: Buffer, offset: number): void {
    this.#counts.lines += 1;
    const scan = this.#scan;
    if (!scan.stamp(line) || !this.#opens.note(offset, scan)) this.#take(this.#reader.read());
  }

  /** A line that opened a flow which is still running. */
  openLine(line: Buffer): void {
    this.#scan.stamp(line);
    this.#take(this.#reader.read(true));
  }

  /** What the segment leaves open; the next one begins anew. */
  takeOpens(segment: number): OpensFound {
    return this.#opens.take(segment);
  }

  get opensAreFull(): boolean {
    return this.#opens.isFull;
  }

  merge({ found, counts, span, unclearHosts }: ScanResult): void {
    if (this.#counter instanceof ReplayCount) this.#counter.merge(found as Flips);
    else this.#counter.merge(found as GroupsFound);
    this.#counts.lines += counts.lines;
    this.#counts.asks += counts.asks;
    this.#counts.standing += counts.standing;
    this.#counts.unclear += counts.unclear;
    this.#counts.damaged += counts.damaged;
    if (span !== null) this.#widen(span.first, span.last);
    for (const text of unclearHosts) this.#noteHost(text);
  }

  result(): Pick<ScanResult, 'found' | 'counts' | 'span' | 'unclearHosts'> {
    const span = this.#counts.asks === 0 ? null : { first: this.#first, last: this.#last };
    const unclearHosts = [...this.#unclearHosts];
    return { found: this.#counter.result(), counts: { ...this.#counts }, span, unclearHosts };
  }

  #take(seen: ReturnType<FlowReader['read']>): void {
    if (seen === 'other') return;
    if (typeof seen === 'string') {
      this.#counts[seen] += 1;
      if (seen === 'unclear') this.#noteHost(this.#scan.text('host'));
      return;
    }
    if (seen.ts < this.#setup.sinceS) return;
    this.#counts.asks += 1;
    this.#widen(seen.ts, seen.ts);
    this.#counter.take(seen);
  }

  #noteHost(text: string): void {
    if (text !== '' && this.#unclearHosts.size < MAX_UNCLEAR)
      this.#unclearHosts.add(text.slice(0, MAX_HOST_CHARS));
  }

  #widen(first: number, last: number): void {
    if (first < this.#first) this.#first = first;
    if (last > this.#last) this.#last = last;
  }
}

function counterOf({ purpose, present, ...context }: ScanSetup): ReplayCount | AskGroups {
  const judge = (source: PolicySource) => new AskJudge(compilePolicy(1, source), context);
  const before = present === null ? null : judge(present);
  if (purpose.kind === 'replay') return new ReplayCount(before, judge(purpose.after));
  return new AskGroups(before, { ...context, agent: purpose.agent });
}

/** Bytes in pieces → lines. What is longer than a line may be goes by. */
class LineCutter {
  readonly #onLine: (line: Buffer, offset: number) => void;
  #carry: Buffer | null = null;
  #isTooLong = false;
  /** Where the piece begins in the segment, and the line that is not whole yet. */
  #at = 0;
  #lineAt = 0;

  constructor(onLine: (line: Buffer, offset: number) => void) {
    this.#onLine = onLine;
  }

  /** The piece is valid during the call only. */
  push(bytes: Buffer): void {
    let at = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, at);
      if (newline < 0) break;
      const rest = bytes.subarray(at, newline);
      if (!this.#isTooLong) {
        const line = this.#carry === null ? rest : Buffer.concat([this.#carry, rest]);
        this.#onLine(line, this.#lineAt);
      }
      this.#carry = null;
      this.#isTooLong = false;
      at = newline + 1;
      this.#lineAt = this.#at + at;
    }
    this.#at += bytes.length;
    if (at === bytes.length || this.#isTooLong) return;
    const rest = bytes.subarray(at);
    this.#carry = Buffer.concat(this.#carry === null ? [rest] : [this.#carry, rest]);
    if (this.#carry.length > MAX_LINE_BYTES) {
      this.#carry = null;
      this.#isTooLong = true;
    }
  }
}

function openFile(path: string): number | null {
  try {
    // Somebody may have put a pipe there: opening one would wait for a writer, for ever.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
