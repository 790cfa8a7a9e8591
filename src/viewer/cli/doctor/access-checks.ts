// Who may read the keys and change the record or the policy, by the modes of files and the users of
// processes. Pure.

import { type Finding, fail, few, ok, unknown, warn } from './finding.ts';

export type User = { readonly uid: number; readonly gids: readonly number[] };

export type Entry = {
  readonly path: string;
  /** `secret`: below `private/`. `policy`: its folder and files. */
  readonly kind: 'secret' | 'log' | 'policy';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
};

export type AccessFacts = {
  readonly entries: readonly Entry[];
  /** Paths that could not be looked at. */
  readonly hidden: readonly string[];
  /** Of the processes that run; null: they do not, or cannot be seen. */
  readonly primary: User | null;
  readonly worker: User | null;
  readonly viewer: User | null;
};

const AS_ROOT = 'run it as root';

/** Keys and tokens are their owner's alone. */
export function checkSecrets({ entries, hidden, primary }: AccessFacts): Finding {
  const check = 'secret files';
  const secrets = entries.filter(({ kind }) => kind === 'secret');
  const open = secrets.filter(({ mode }) => (mode & 0o077) !== 0);
  if (open.length > 0) {
    const what = open.map(({ path, mode }) => `${path} (${modeText(mode)})`);
    return fail(check, `${few(what)} open to others`, 'chmod -R go= on the folder private/');
  }
  const foreign = secrets.filter(({ uid }) => primary !== null && uid !== primary.uid);
  if (foreign.length > 0) {
    const what = few(foreign.map(({ path }) => path));
    return fail(check, `${what} of another user than leash`, `chown it to user ${primary?.uid}`);
  }
  if (hidden.length > 0 || secrets.length === 0) {
    return unknown(check, `${few(hidden) || 'private/'} cannot be looked at`, AS_ROOT);
  }
  return ok(check, 'open to nobody but their owner');
}

/** Nobody but the primary may write where the record is. */
export function checkLogFolder(facts: AccessFacts): Finding {
  return checkWriters(facts, 'log', 'log folder', ['worker', 'viewer']);
}

/** A worker may not change the rules that it decides by. The viewer does that for the operator. */
export function checkPolicyFolder(facts: AccessFacts): Finding {
  return checkWriters(facts, 'policy', 'policy folder', ['worker']);
}

/** Who parses what agents send is not who keeps the record. */
export function checkUsers({ primary, worker, viewer }: AccessFacts): Finding {
  const check = 'users';
  if (primary === null || worker === null) {
    return unknown(check, 'the processes of leash cannot be seen', `start leash, and ${AS_ROOT}`);
  }
  const shared = [
    ...(worker.uid === primary.uid ? ['workers'] : []),
    ...(viewer?.uid === primary.uid ? ['the viewer'] : []),
  ];
  if (shared.length === 0) return ok(check, 'workers and viewer have users of their own');
  const who = primary.uid === 0 ? 'root' : `user ${primary.uid}`;
  return warn(
    check,
    `${shared.join(' and ')} run as ${who}, as the primary does: one that is taken over could change the record`,
    'give each a user of its own, as ./setup.sh does',
  );
}

function checkWriters(
  { entries, hidden, ...users }: AccessFacts,
  kind: Entry['kind'],
  check: string,
  roles: readonly ('worker' | 'viewer')[],
): Finding {
  const own = entries.filter((entry) => entry.kind === kind);
  const open = own.filter(({ mode }) => (mode & 0o002) !== 0);
  if (open.length > 0) {
    const what = few(open.map(({ path, mode }) => `${path} (${modeText(mode)})`));
    return fail(check, `everybody may write ${what}`, 'chmod o-w on it');
  }
  for (const role of roles) {
    const user = users[role];
    // With a user that is the primary's there is nothing to tell apart: another check says so.
    if (user === null || user.uid === users.primary?.uid) continue;
    const written = own.filter((entry) => mayWrite(entry, user));
    if (written.length > 0) {
      const what = few(written.map(({ path }) => path));
      return fail(
        check,
        `the ${role}'s user may write ${what}`,
        'chown or chmod it, so that it may not',
      );
    }
  }
  if (own.length === 0) {
    return unknown(check, `${few(hidden) || 'the folder'} cannot be looked at`, AS_ROOT);
  }
  return ok(check, 'writable for those only who have to');
}

/** By owner, group and mode; an owner may give itself any right. */
export function mayWrite({ mode, uid, gid }: Entry, user: User): boolean {
  if (user.uid === 0 || user.uid === uid) return true;
  return (mode & (user.gids.includes(gid) ? 0o020 : 0o002)) !== 0;
}

function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
