// The folder and the files of the CA: who may touch them, and how they get there whole. It knows no key
// and no certificate, only text.

import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { link, mkdir, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes both folders where they are missing. Throws where others could take the key, or give another. */
export async function openFolders(stateDir: string, privateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o755 });
  const state = await stat(stateDir);
  checkOwner(`state folder "${stateDir}"`, stateDir, state);
  // Who may write here may put a folder of their own in the place of private/. A group is let in
  // when it is our own: where each user has a group, folders are made 0775.
  const foreignGroup = state.gid !== 0 && state.gid !== process.getegid?.();
  if ((state.mode & 0o002) !== 0 || ((state.mode & 0o020) !== 0 && foreignGroup)) {
    throw new Error(
      `Cannot use state folder "${stateDir}": others may write to it (mode ${octal(state)}); ` +
        `run: chmod go-w ${stateDir}`,
    );
  }
  await checkParents(stateDir);
  await mkdir(privateDir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  checkSecret(`private folder "${privateDir}"`, privateDir, await stat(privateDir), 'chmod 700');
}

/** Who may write to a folder above may put another one in this one's place, unless it is sticky. */
async function checkParents(stateDir: string): Promise<void> {
  for (let path = await realpath(stateDir); path !== dirname(path); ) {
    path = dirname(path);
    const parent = await stat(path);
    if ((parent.mode & 0o002) === 0 || (parent.mode & 0o1000) !== 0) continue;
    throw new Error(
      `Cannot use state folder "${stateDir}": others may write to "${path}" above it ` +
        `(mode ${octal(parent)}); run: chmod o-w ${path}`,
    );
  }
}

/** Refuses what anyone but its owner may touch, and any owner but us and root. */
export function checkSecret(what: string, path: string, stats: Stats, fix: string): void {
  checkOwner(what, path, stats);
  if ((stats.mode & 0o077) === 0) return;
  throw new Error(
    `Cannot use ${what}: group or others may access it (mode ${octal(stats)}); run: ${fix} ${path}; ` +
      'if anyone may have read the CA key, make a new CA',
  );
}

function checkOwner(what: string, path: string, stats: Stats): void {
  const uid = process.geteuid?.() ?? 0;
  if (stats.uid === uid || stats.uid === 0) return;
  throw new Error(
    `Cannot use ${what}: it belongs to user ${stats.uid}, leash runs as user ${uid}; ` +
      `run: chown ${uid} ${path}`,
  );
}

/**
 * Puts a whole file in place, or nothing. `link`, not `rename`: when two starts race, the first one's
 * file stays and the other goes on with it.
 */
export function publish(path: string, text: string, mode: number): Promise<void> {
  return put(path, text, mode, (temp) =>
    link(temp, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    }),
  );
}

/** The same, in the place of what is there. */
export function replace(path: string, text: string, mode: number): Promise<void> {
  return put(path, text, mode, (temp) => rename(temp, path));
}

async function put(
  path: string,
  text: string,
  mode: number,
  place: (temp: string) => Promise<void>,
): Promise<void> {
  const temp = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  const file = await open(temp, 'wx', mode);
  try {
    // The umask may have taken bits away, it cannot have added any.
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
    await place(temp);
  } finally {
    await file.close();
    await unlink(temp).catch(ignoreMissing);
  }
  await syncFolder(dirname(path));
}

/** A rename is on the disk when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function octal(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}
