// The policy directory's files as the primary holds them: for each the last good content, and what
// is wrong with what stands there now. Pure: it is told what was read and says what is in force.
//
// Invariant: a bad policy file changes nothing; no policy at all means deny.

import { lineDiff } from '../../shared/line-diff.ts';
import { isCutOff, isProblems, type PolicyProblem } from '../../shared/policy-file.ts';
import { joinContent, parsePolicyFile } from '../../shared/policy-join.ts';
import {
  EMPTY_POLICY,
  type Mode,
  POLICY_FILES,
  type PolicyFile,
  type PolicySource,
} from '../../shared/policy-source.ts';
import type { FileContent } from './policy-read.ts';

/** A policy that came into force. */
export type PolicyChange = {
  /** Counts from 1, in this run of the primary. */
  readonly version: number;
  readonly source: PolicySource;
  /** File name → SHA-256 of the content in force, for the files that exist. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Where the mode changed: what it was before. */
  readonly previousMode?: Mode;
  /** Files whose content in force is another one than before. */
  readonly changedFiles: readonly string[];
  /** For each of these: its lines that are new and gone; none where it is too long to compare. */
  readonly diffs: Readonly<Record<string, readonly string[]>>;
};

/** A longer file is not compared line by line: who changes such a one has a copy of it. */
const MAX_DIFF_CHARS = 256 * 1024;

type Good = {
  /** '' where it is too long to compare. */
  readonly text: string;
  readonly content: Partial<PolicySource>;
  readonly sha256: string;
  readonly size: number;
};
type State = { readonly good: Good | null; readonly problems: readonly PolicyProblem[] };

const EMPTY: State = { good: null, problems: [] };

/** Holds the last good content of each file; `current` is what the workers should have. */
export class PolicyContents {
  readonly #states = new Map<PolicyFile, State>();
  /** Of the policy in force. */
  readonly #texts = new Map<PolicyFile, string>();
  #current: PolicyChange | null = null;

  get current(): PolicyChange | null {
    return this.#current;
  }

  get problems(): PolicyProblem[] {
    return POLICY_FILES.flatMap((file) => this.#state(file).problems);
  }

  /** What was found in the place of a file (null = nothing) → the problems it has. */
  accept(file: PolicyFile, found: FileContent | null): readonly PolicyProblem[] {
    const before = this.#state(file);
    const after = this.#next(file, before, found);
    this.#states.set(file, after);
    return after.problems;
  }

  /**
   * Puts in force what was accepted, or returns null where nothing changes: nothing new, or a file
   * that was never good has a mistake (of `mode` alone, `enforce` stands in).
   */
  publish(): PolicyChange | null {
    const before = this.#current;
    const bad = POLICY_FILES.some(
      (file) => file !== 'mode' && this.#state(file).problems.length > 0,
    );
    if (before === null && bad) return null;
    const sha256: Record<string, string> = {};
    let source = EMPTY_POLICY;
    for (const file of POLICY_FILES) {
      const { good } = this.#state(file);
      if (good === null) continue;
      source = joinContent(source, good.content);
      sha256[file] = good.sha256;
    }
    const changedFiles = POLICY_FILES.filter((file) => sha256[file] !== before?.sha256[file]);
    if (before !== null && changedFiles.length === 0) return null;
    const version = (before?.version ?? 0) + 1;
    const diffs = before === null ? {} : this.#diffs(changedFiles);
    const change = { version, source, sha256, changedFiles, diffs };
    for (const file of changedFiles) this.#texts.set(file, this.#state(file).good?.text ?? '');
    const previousMode = before?.source.mode;
    this.#current =
      previousMode === undefined || previousMode === source.mode
        ? change
        : { ...change, previousMode };
    return this.#current;
  }

  #diffs(files: readonly PolicyFile[]): Record<string, string[]> {
    const diffs = files.map((file) => {
      const text = this.#state(file).good?.text ?? '';
      const before = this.#texts.get(file) ?? '';
      return [file, lineDiff(before, text)] as const;
    });
    return Object.fromEntries(diffs);
  }

  #state(file: PolicyFile): State {
    return this.#states.get(file) ?? EMPTY;
  }

  #next(file: PolicyFile, { good }: State, found: FileContent | null): State {
    // Until a policy is in force there is nothing to hold on to.
    const kept = this.#current === null ? null : good;
    const failed = (message: string) => ({
      good: kept,
      problems: [{ file, line: 1, column: 1, message }],
    });
    if (found === null)
      return kept === null ? EMPTY : failed('Cannot read policy file: it was deleted');
    if (found.kind === 'unreadable') return failed(found.message);
    if (found.kind === 'changed') return failed('Cannot read policy file: it changes all the time');
    // A program that died between truncating and writing leaves this behind; it must open nothing.
    if (found.text === '' && kept !== null && kept.size > 0) {
      return failed('Cannot use policy file: it is empty now; to clear a list write "allow: []"');
    }
    if (file !== 'mode' && isCutOff(found.text)) {
      return failed(
        'Cannot use policy file: its last line has no end, as if it was cut off; add it',
      );
    }
    const content = parsePolicyFile(file, found.text);
    if (isProblems(content)) return { good: kept, problems: content };
    const { sha256, text } = found;
    const compared = text.length <= MAX_DIFF_CHARS ? text : '';
    return { good: { text: compared, content, sha256, size: text.length }, problems: [] };
  }
}
