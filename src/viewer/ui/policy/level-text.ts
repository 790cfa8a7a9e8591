// What a change does to hosts below an entry that is wider, as sentences: the most specific level decides
// alone, which few expect of a block. Pure.

import type { Trial } from '../../policy/policy-change.ts';

export type LevelTexts = {
  /** What passes from now on, though nobody asked for it: a person has to confirm it. */
  readonly loosens: readonly string[];
  readonly tightens: readonly string[];
};

/** The sentences for a trial; none where no level begins or ends. */
export function levelTexts(trial: Pick<Trial, 'file' | 'narrows' | 'widens'>): LevelTexts {
  const isBlocklist = trial.file.startsWith('blocklist');
  const narrows = trial.narrows.map(
    ({ host, parent }) =>
      `This narrows ${parent}: other paths, methods, ports and agents of ${host}, which ${parent} names, become ${isBlocklist ? 'allowed' : 'blocked'}.`,
  );
  const widens = trial.widens.map(
    ({ host, parent }) =>
      `Without an entry of its own, ${host} is decided by ${parent}: what that names becomes ${isBlocklist ? 'blocked' : 'allowed'}.`,
  );
  return isBlocklist
    ? { loosens: narrows, tightens: widens }
    : { loosens: widens, tightens: narrows };
}
