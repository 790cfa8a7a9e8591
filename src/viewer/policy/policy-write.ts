// Puts a changed policy file in place, with a note on who changed it, and waits until all workers have
// it. The viewer and the command line are both here; neither talks to the primary, which sees the file.

import { createHash, randomBytes } from 'node:crypto';
import { lstat, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../../shared/config.ts';
import { type EditNote, noteName } from '../../shared/edit-note.ts';
import { codeOf } from '../../shared/error-code.ts';
import { isCutOff, parseMode } from '../../shared/policy-file.ts';
import type { PolicyFile } from '../../shared/policy-source.ts';
import { readStatus } from '../status.ts';
import type { Edited } from './policy-edit.ts';
import { readPolicyFile, type Unread } from './policy-reader.ts';

export type WriteDeps = Pick<Config, 'policyDir' | 'stateDir'> & {
  /** Who asks, and from where, for the record: `viewer 10.0.0.5`. */
  readonly actor: string;
};

/** What came of a change. `pending`: workers that did not have it in force in time. */
export type Written =
  | {
      readonly ok: true;
      readonly changed: boolean;
      /** Every worker of a leash that runs has it. */
      readonly in_force: boolean;
      readonly version: number | null;
      readonly pending: readonly number[];
      /** What stood there, and what stands there now; null: no file. */
      readonly before: string | null;
      readonly after: string | null;
    }
  | {
      readonly ok: false;
      readonly problem: string;
      /** Nothing is wrong with what was asked: the file cannot be read or written. */
      readonly unable?: boolean;
      /** That is so because this user may not. */
      readonly denied?: boolean;
      /** The file is another one than the change was made for. */
      readonly stale?: boolean;
    };
type InForce = Extract<Written, { readonly ok: true }>;

/** Longer than a change takes by far, shorter than a person waits. */
const WAIT_MS = 5_000;
const LOOK_MS = 10;

export type FileChange = {
  readonly file: PolicyFile;
  readonly edit: (text: string) => Edited | Promise<Edited>;
  /** Hash of the text that the change is for; absent: whatever stands there. */
  readonly etag?: string | undefined;
  /** The whole text is given, so that what is wrong with the old one does not matter. */
  readonly whole?: boolean;
};

/** Reads a policy file, changes it by `edit`, and waits for the workers. */
export async function changeFile(deps: WriteDeps, change: FileChange): Promise<Written> {
  const { file, edit, etag } = change;
  const before = await readPolicyFile(deps.policyDir, file);
  if (isUnread(before)) return unable(`${file}: ${before.message}`, before.code);
  if (etag !== undefined && etag !== etagOf(before)) {
    return { ok: false, stale: true, problem: `${file}: it changed meanwhile: look at it again` };
  }
  const different = change.whole ? null : await differenceFromForce(deps, file, before);
  if (different !== null) return { ok: false, problem: `${file}: ${different}` };
  const edited = await edit(before ?? '');
  if ('problem' in edited) return { ok: false, problem: `${file}: ${edited.problem}` };
  if (!edited.changed) return unchanged(deps, file, before);
  return replaceFile(deps, { file, before, text: edited.text });
}

/**
 * Why the file is no ground for an edit: it was emptied, cut off or deleted, and what is in force is
 * another content, which the edit would replace by what is left of it. Null: it is in force.
 */
async function differenceFromForce(
  { stateDir }: WriteDeps,
  file: PolicyFile,
  text: string | null,
): Promise<string | null> {
  if (text !== null && isCutOff(text)) return 'it was cut off: mend it first';
  const { status, alive } = await readStatus(stateDir);
  const inForce = status?.policy?.files;
  if (!alive || inForce === undefined) return null;
  if ((text === null ? undefined : hashOf(text)) === inForce[file]) return null;
  return 'what stands in it is not in force: look at it, mend it, and try again';
}

/** Sets the mode, and waits for the workers. */
export async function changeMode(deps: WriteDeps, mode: string): Promise<Written> {
  const parsed = parseMode(mode);
  if (typeof parsed !== 'string') return { ok: false, problem: parsed[0]?.message ?? '' };
  const before = await readPolicyFile(deps.policyDir, 'mode');
  if (isUnread(before)) return unable(`mode: ${before.message}`, before.code);
  if (before?.trim() === parsed) return unchanged(deps, 'mode', before);
  return replaceFile(deps, { file: 'mode', before, text: `${parsed}\n` });
}

type Replacement = {
  readonly file: PolicyFile;
  /** What it replaces; null: there was no file. */
  readonly before: string | null;
  readonly text: string;
};

async function replaceFile(deps: WriteDeps, change: Replacement): Promise<Written> {
  const { file, before, text } = change;
  const path = join(deps.policyDir, file);
  const sha256 = hashOf(text);
  const note: EditNote = { sha256, actor: deps.actor, atMs: Date.now() };
  try {
    const target = await targetOf(path);
    if (target === null) {
      return unable(`${file} in ${deps.policyDir} is a link of another user: put a file there`, '');
    }
    await putInPlace(join(deps.policyDir, noteName(file)), JSON.stringify(note), async () => true);
    // Somebody else may have written it meanwhile: theirs must not be lost.
    const isSame = async () => (await readPolicyFile(deps.policyDir, file)) === before;
    if (!(await putInPlace(target, text, isSame))) {
      return {
        ok: false,
        stale: true,
        problem: `${file}: it changed at the same moment; look at it and try again`,
      };
    }
  } catch (error) {
    const code = codeOf(error);
    return unable(`Cannot write ${file} in ${deps.policyDir}: ${code}`, code);
  }
  return { ...(await waitForWorkers(deps, file, sha256)), before, after: text };
}

/** A link stays one, and where it leads is written; null: root is not led by a link of others. */
async function targetOf(path: string): Promise<string | null> {
  const found = await lstat(path).catch(() => null);
  if (found === null || !found.isSymbolicLink()) return path;
  if (process.geteuid?.() === 0 && found.uid !== 0) return null;
  return realpath(path).catch(() => path);
}

function isUnread(text: string | null | Unread): text is Unread {
  return typeof text === 'object' && text !== null;
}

function unable(problem: string, code: string): Written {
  return {
    ok: false,
    unable: true,
    denied: ['EACCES', 'EPERM', 'EROFS'].includes(code),
    problem,
  };
}

/** What was asked for stands there already; whoever asks may count on it all the same. */
async function unchanged(deps: WriteDeps, file: string, text: string | null): Promise<InForce> {
  if (text === null) {
    const nothing = { changed: false, in_force: true, version: null, pending: [] };
    return { ok: true, ...nothing, before: null, after: null };
  }
  const written = await waitForWorkers(deps, file, hashOf(text));
  return { ...written, changed: false, before: text, after: text };
}

/** Tells a text of a policy file from another one; empty: there is no file. */
export function etagOf(text: string | null): string {
  return text === null ? '' : hashOf(text);
}

/** SHA-256 in hex, as the primary counts it. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Temp file, fsync, rename: a reader sees the old file or the new one. Owner and rights stay.
 * False: `isSame`, asked last, says that the file is another one by now.
 */
async function putInPlace(
  path: string,
  text: string,
  isSame: () => Promise<boolean>,
): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', 0o644);
  try {
    const old = await stat(path).catch(() => null);
    if (old !== null) {
      // Root edits files that another user reads; who may not give a file away is that user.
      // By its handle: as soon as it is theirs, another file may have its name.
      await handle.chmod(old.mode & 0o777);
      await handle.chown(old.uid, old.gid).catch(() => {});
    }
    await handle.writeFile(text);
    await handle.sync();
    if (!(await isSame())) {
      await unlink(temporary);
      return false;
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
  return true;
}

/** The primary's word, in its status file: the file with this hash is in force at every worker. */
async function waitForWorkers(
  deps: WriteDeps,
  file: string,
  sha256: string,
): Promise<Omit<InForce, 'before' | 'after'>> {
  const giveUpMs = performance.now() + WAIT_MS;
  for (;;) {
    const { status, alive } = await readStatus(deps.stateDir);
    const version = status?.policy?.version ?? null;
    const isThere = status?.policy?.files[file] === sha256;
    const workers = status?.workers ?? [];
    const pending = workers
      .filter((worker) => !isThere || worker.policy < (version ?? 0))
      .map((worker) => worker.number);
    const runs = alive && status?.state === 'running' && workers.length > 0;
    const inForce = runs && isThere && pending.length === 0;
    if (inForce || !alive || performance.now() >= giveUpMs) {
      const shown = alive && isThere ? version : null;
      return { ok: true, changed: true, in_force: inForce, version: shown, pending };
    }
    await pause(LOOK_MS);
  }
}
