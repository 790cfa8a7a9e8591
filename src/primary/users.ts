// The users that workers and viewer run as (LEASH_USERS): names → numbers, and the few files of the
// state folder that a viewer of another user needs. Knows no process; workers.ts and
// viewer-process.ts give the numbers to those they start.

import { chmod, chown, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { UserPair } from '../shared/setting.ts';

export type UserIds = { readonly uid: number; readonly gid: number };

/** Null: those of the primary. */
export type ProcessUsers = { readonly worker: UserIds; readonly viewer: UserIds } | null;

/**
 * What LEASH_USERS says → numbers by `passwd`, the text of /etc/passwd. Throws with the fix where
 * the process is not root, a name is unknown, or two are one user.
 */
export function resolveUsers(pair: UserPair | 'same', passwd: string, euid: number): ProcessUsers {
  if (pair === 'same') return null;
  const refuse = (why: string): never => {
    throw new Error(`Cannot use LEASH_USERS "${pair.worker}:${pair.viewer}": ${why}`);
  };
  if (euid !== 0) refuse('leash must be started as root for it; start it so, or unset it');
  const find = (name: string): UserIds => {
    const fields = passwd
      .split('\n')
      .map((line) => line.split(':'))
      .find(([user]) => user === name);
    const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
    if (!Number.isInteger(uid) || !Number.isInteger(gid)) {
      return refuse(`there is no user "${name}"; run: useradd --system ${name}`);
    }
    return uid === 0 || gid === 0 ? refuse(`"${name}" has an id of root`) : { uid, gid };
  };
  const users = { worker: find(pair.worker), viewer: find(pair.viewer) };
  if (users.worker.uid === users.viewer.uid) refuse('both are one user');
  if (users.worker.gid === users.viewer.gid)
    refuse('both have one group: workers could read the log');
  return users;
}

/** The numbers for LEASH_USERS by this machine's own list of users. */
export async function readUsers(pair: UserPair | 'same'): Promise<ProcessUsers> {
  if (pair === 'same') return null;
  return resolveUsers(pair, await readFile('/etc/passwd', 'utf8'), process.geteuid?.() ?? -1);
}

/**
 * For a viewer that is another user of group `gid`: a copy of its token, since `private/` is closed
 * to it, and a folder for its indexes.
 */
export async function shareWithViewer(stateDir: string, gid: number): Promise<void> {
  const folder = join(stateDir, 'viewer');
  await giveFolder(folder, 0o750, gid);
  await giveFolder(join(stateDir, 'index'), 0o770, gid);
  const token = await readFile(join(stateDir, 'private', 'viewer-token'), 'utf8');
  const path = join(folder, 'token');
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(token);
    await file.chown(process.geteuid?.() ?? 0, gid);
    await file.chmod(0o640);
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** A group of one's own needs no capability to be given. */
async function giveFolder(path: string, mode: number, gid: number): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chown(path, process.geteuid?.() ?? 0, gid);
  await chmod(path, mode);
}
