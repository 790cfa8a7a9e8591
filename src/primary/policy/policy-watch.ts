// Watches the policy directory: notices a change, lets it settle, reads it, says what is in force.
// Two ways of noticing: fs.watch is quick, and a look every second sees what it misses (symlinks
// that are swapped outside, network file systems, a directory that comes later).
//
// Invariant: files that are being written are not read: a change counts only once it has come to rest.

import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { PolicyProblem } from '../../shared/policy-file.ts';
import { POLICY_FILES, type PolicyFile } from '../../shared/policy-source.ts';
import { type PolicyChange, PolicyContents } from './policy-contents.ts';
import {
  type FileContent,
  type Fingerprint,
  inodeOf,
  readContent,
  readFingerprint,
} from './policy-read.ts';

export type { PolicyChange } from './policy-contents.ts';

export type PolicyWatch = {
  /** What is in force; null = nothing was ever loaded, so everything is denied. */
  current(): PolicyChange | null;
  /** What is wrong with the files as they stand. */
  problems(): readonly PolicyProblem[];
  close(): void;
};

export type PolicyWatchDeps = {
  readonly dir: string;
  /** Milliseconds. */
  now(): number;
  /** A policy came into force; the first one, too, before `startPolicyWatch` resolves. */
  onChange(change: PolicyChange): void;
  /**
   * The problems that are new, once per change of a file; an empty list when some were solved and
   * the policy in force stayed as it was.
   */
  onProblem(problems: PolicyProblem[]): void;
};

/** Once a second: what fs.watch misses is in force, or shown as a problem, within that time. */
const POLL_MS = 1000;
/** One rename makes several events; this joins them. */
const DEBOUNCE_MS = 2;
/** A file that was replaced (rename) is whole at once; this is for programs that create and write. */
const REPLACED_MS = 8;
/** A file that is edited in place is truncated first; two writes of one edit are closer than this. */
const EDITED_MS = 40;
/** A start waits so long for files that are being written; until they rest, everything is denied. */
const START_MS = 500;
/** Looks until a snapshot holds still; the last one takes what it gets, file by file. */
const MAX_LOOKS = 5;

/** Reads the directory, then watches it until `close()`. Never rejects for what is in there. */
export async function startPolicyWatch(deps: PolicyWatchDeps): Promise<PolicyWatch> {
  const watcher = new DirectoryWatch(deps);
  await watcher.start();
  return watcher;
}

class DirectoryWatch implements PolicyWatch {
  readonly #deps: PolicyWatchDeps;
  readonly #contents = new PolicyContents();
  /** Fingerprint of what was accepted last. */
  readonly #accepted = new Map<PolicyFile, Fingerprint>();
  readonly #settling = new Map<PolicyFile, { fingerprint: Fingerprint; sinceMs: number }>();
  #directoryProblem: PolicyProblem | null = null;
  #fsWatch: FSWatcher | null = null;
  #fsWatchInode = '';
  #timer: NodeJS.Timeout | null = null;
  #timerDueMs = 0;
  #poll: NodeJS.Timeout | null = null;
  #looking = false;
  #lookAgain = false;
  #closed = false;

  constructor(deps: PolicyWatchDeps) {
    this.#deps = deps;
  }

  current(): PolicyChange | null {
    return this.#contents.current;
  }

  problems(): readonly PolicyProblem[] {
    const directory = this.#directoryProblem === null ? [] : [this.#directoryProblem];
    return [...directory, ...this.#contents.problems];
  }

  close(): void {
    this.#closed = true;
    this.#fsWatch?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#poll !== null) clearInterval(this.#poll);
  }

  async start(): Promise<void> {
    this.#poll = setInterval(() => this.#wake(0), POLL_MS);
    this.#poll.unref();
    const giveUpMs = performance.now() + START_MS;
    await this.#look();
    // What stands there at the start is at rest after one more look; a busy file may come later.
    while (this.#settling.size > 0 && performance.now() < giveUpMs) {
      await new Promise((resolve) => setTimeout(resolve, REPLACED_MS + 1));
      await this.#look();
    }
  }

  #wake(afterMs: number): void {
    const dueMs = performance.now() + afterMs;
    if (this.#closed || (this.#timer !== null && this.#timerDueMs <= dueMs)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#look();
    }, afterMs);
    this.#timer.unref();
  }

  /** One look at a time; a wish for another one in between is kept. */
  async #look(): Promise<void> {
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    try {
      if (await this.#checkDirectory()) await this.#readChanges();
    } finally {
      this.#looking = false;
    }
    if (this.#lookAgain) this.#wake(0);
    this.#lookAgain = false;
  }

  /** Whether there is something to read; also sees to it that fs.watch looks at this very directory. */
  async #checkDirectory(): Promise<boolean> {
    const { dir } = this.#deps;
    const facts = await stat(dir, { bigint: true }).catch(() => null);
    if (this.#closed) return false;
    const inode = facts?.isDirectory() ? `${facts.dev}:${facts.ino}` : '';
    if (inode !== this.#fsWatchInode || this.#fsWatch === null) this.#rewatch(inode);
    if (inode !== '') {
      this.#directoryProblem = null;
      return true;
    }
    if (this.#contents.current !== null) return true;
    if (this.#directoryProblem === null) {
      const message =
        'Cannot read policy directory: there is none; everything is denied until it exists';
      this.#directoryProblem = { file: dir, line: 1, column: 1, message };
      this.#deps.onProblem([this.#directoryProblem]);
    }
    return false;
  }

  #rewatch(inode: string): void {
    this.#fsWatch?.close();
    this.#fsWatch = null;
    this.#fsWatchInode = inode;
    if (inode === '') return;
    try {
      const fsWatch = watch(this.#deps.dir, { persistent: false }, () => this.#wake(DEBOUNCE_MS));
      // Without it (no inotify watches left, directory gone) the poll still sees every change.
      fsWatch.on('error', () => {
        fsWatch.close();
        if (this.#fsWatch === fsWatch) this.#fsWatch = null;
      });
      this.#fsWatch = fsWatch;
    } catch {
      this.#fsWatch = null;
    }
  }

  /** Takes one snapshot of all files that hold still while it is taken, and accepts what is new. */
  async #readChanges(): Promise<void> {
    for (let look = 1; look <= MAX_LOOKS; look += 1) {
      const seen = await this.#fingerprints();
      const due = this.#settled(seen);
      // Half of the files would be a policy that nobody wrote.
      if (this.#contents.current === null && this.#settling.size > due.length) return;
      const found = await this.#readAll(due, seen);
      const after = await this.#fingerprints();
      if (this.#closed) return;
      const still = POLICY_FILES.every((file) => seen.get(file) === after.get(file));
      if (still || look === MAX_LOOKS) {
        this.#accept(found, after);
        return;
      }
    }
  }

  async #fingerprints(): Promise<Map<PolicyFile, Fingerprint>> {
    const { dir } = this.#deps;
    const pairs = POLICY_FILES.map(
      async (file) => [file, await readFingerprint(dir, file)] as const,
    );
    return new Map(await Promise.all(pairs));
  }

  /** Files that changed and have come to rest; for the others there will be another look. */
  #settled(seen: ReadonlyMap<PolicyFile, Fingerprint>): PolicyFile[] {
    const nowMs = this.#deps.now();
    return POLICY_FILES.filter((file) => {
      const fingerprint = seen.get(file) ?? '';
      const accepted = this.#accepted.get(file) ?? '';
      if (fingerprint === accepted) {
        this.#settling.delete(file);
        return false;
      }
      const replaced = fingerprint !== '' && inodeOf(fingerprint) !== inodeOf(accepted);
      const restMs = replaced ? REPLACED_MS : EDITED_MS;
      const settling = this.#settling.get(file);
      if (settling?.fingerprint !== fingerprint) {
        this.#settling.set(file, { fingerprint, sinceMs: nowMs });
        this.#wake(restMs);
        return false;
      }
      // Either way: a clock that is set back must not hold a policy up.
      const rested = Math.abs(nowMs - settling.sinceMs) >= restMs;
      if (!rested) this.#wake(restMs);
      return rested;
    });
  }

  async #readAll(
    due: readonly PolicyFile[],
    seen: ReadonlyMap<PolicyFile, Fingerprint>,
  ): Promise<ReadonlyMap<PolicyFile, FileContent | null>> {
    const found = new Map<PolicyFile, FileContent | null>();
    for (const file of due) {
      const fingerprint = seen.get(file) ?? '';
      const nothing = fingerprint === '';
      found.set(file, nothing ? null : await readContent(this.#deps.dir, file, fingerprint));
    }
    return found;
  }

  #accept(
    found: ReadonlyMap<PolicyFile, FileContent | null>,
    seen: ReadonlyMap<PolicyFile, Fingerprint>,
  ): void {
    const before = this.#contents.problems.length;
    const problems: PolicyProblem[] = [];
    for (const [file, content] of found) {
      if (content?.kind === 'changed') {
        this.#wake(REPLACED_MS);
        continue;
      }
      this.#accepted.set(file, seen.get(file) ?? '');
      this.#settling.delete(file);
      problems.push(...this.#contents.accept(file, content));
    }
    const change = this.#contents.publish();
    const solved = change === null && this.#contents.problems.length < before;
    if (problems.length > 0 || solved) this.#deps.onProblem(problems);
    if (change !== null) this.#deps.onChange(change);
  }
}
