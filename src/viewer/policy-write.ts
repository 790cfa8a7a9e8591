// Puts a changed policy file in place, with a note on who changed it, and waits until all workers have
// it. The viewer and the command line are both here; neither talks to the primary, which sees the file.

import { createHash, randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../shared/config.ts';
import { type EditNote, noteName } from '../shared/edit-note.ts';
import { codeOf } from '../shared/error-code.ts';
import { parseMode } from '../shared/policy-file.ts';
import type { Edited, EditFile } from './policy-edit.ts';
import { readStatus } from './status.ts';

export type WriteDeps = Pick<Config, 'policyDir' | 'stateDir'> & {
  /** Who asks, and from where, for the record: `viewer 10.0.0.5`. */
  readonly actor: string;
};

/** What came of a change. `pending`: workers that did not have it in force in time. */
export type Written =
  | {
      readonly ok: true;
      readonly changed: boolean;
      readonly version: number | null;
      readonly pending: readonly number[];
    }
  | { readonly ok: false; readonly problem: string };
type InForce = Extract<Written, { readonly ok: true }>;

/** Longer than a change takes by far, shorter than a person waits. */
const WAIT_MS = 5_000;
const LOOK_MS = 10;

/** Reads a policy file, changes it by `edit`, and waits for the workers. */
export async function changeFile(
  deps: WriteDeps,
  file: EditFile,
  edit: (text: string) => Edited,
): Promise<Written> {
  const path = join(deps.policyDir, file);
  const before = await readText(path);
  const edited = edit(before ?? '');
  if ('problem' in edited) return { ok: false, problem: `${file}: ${edited.problem}` };
  if (!edited.changed) return unchanged(deps, file, before);
  // Somebody else may have written it meanwhile: theirs must not be lost.
  if ((await readText(path)) !== before) {
    return {
      ok: false,
      problem: `${file}: it changed at the same moment; look at it and try again`,
    };
  }
  return replaceFile(deps, file, edited.text);
}

/** Sets the mode, and waits for the workers. */
export async function changeMode(deps: WriteDeps, mode: string): Promise<Written> {
  const parsed = parseMode(mode);
  if (typeof parsed !== 'string') return { ok: false, problem: parsed[0]?.message ?? '' };
  const before = await readText(join(deps.policyDir, 'mode'));
  if (before?.trim() === parsed) return unchanged(deps, 'mode', before);
  return replaceFile(deps, 'mode', `${parsed}\n`);
}

async function replaceFile(deps: WriteDeps, file: string, text: string): Promise<Written> {
  const sha256 = hashOf(text);
  const note: EditNote = { sha256, actor: deps.actor };
  try {
    await putInPlace(join(deps.policyDir, noteName(file)), JSON.stringify(note));
    await putInPlace(join(deps.policyDir, file), text);
  } catch (error) {
    return { ok: false, problem: `Cannot write ${file} in ${deps.policyDir}: ${codeOf(error)}` };
  }
  return waitForWorkers(deps, file, sha256);
}

/** What was asked for stands there already; whoever asks may count on it all the same. */
async function unchanged(deps: WriteDeps, file: string, text: string | null): Promise<InForce> {
  if (text === null) return { ok: true, changed: false, version: null, pending: [] };
  const written = await waitForWorkers(deps, file, hashOf(text));
  return { ...written, changed: false };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Temp file, fsync, rename: a reader sees the old file or the new one. Rights stay what they were. */
async function putInPlace(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', 0o644);
  try {
    const mode = await stat(path).then(
      (facts) => facts.mode & 0o777,
      () => null,
    );
    if (mode !== null) await chmod(temporary, mode);
    await handle.writeFile(text);
    await handle.sync();
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

/** The primary's word, in its status file: the file with this hash is in force at every worker. */
async function waitForWorkers(deps: WriteDeps, file: string, sha256: string): Promise<InForce> {
  const giveUpMs = performance.now() + WAIT_MS;
  for (;;) {
    const { status, alive } = await readStatus(deps.stateDir);
    const policy = status?.policy ?? null;
    const late = performance.now() >= giveUpMs;
    if (!alive || policy === null) {
      if (late || !alive) return { ok: true, changed: true, version: null, pending: [] };
    } else if (policy.files[file] === sha256 || late) {
      const { version } = policy;
      const workers = status?.workers ?? [];
      const pending = workers
        .filter((worker) => policy.files[file] !== sha256 || worker.policy < version)
        .map((worker) => worker.number);
      if (pending.length === 0 || late) return { ok: true, changed: true, version, pending };
    }
    await pause(LOOK_MS);
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
