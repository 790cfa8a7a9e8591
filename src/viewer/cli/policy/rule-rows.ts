// What the verbs that change a list share: their arguments, options and exit codes. Rows of the table only.

import type { ExitName, Option, Positional } from '../table/verb.ts';

export const HOST: Positional = {
  name: 'HOST[:PORT][/prefix]',
  help: 'a name and all below it, a port, the beginning of a path',
};

const METHOD: Option = { name: '--method', value: 'M', help: 'requests of this method only' };
const DRY_RUN: Option = {
  name: '--dry-run',
  help: 'change nothing: show the lines, and what it would have done to the requests of a day',
};

/** Of an entry that is added. */
export const ENTRY_OPTIONS: readonly Option[] = [
  METHOD,
  { name: '--agent', value: 'A', help: 'for this agent of agents.yaml only', isRepeated: true },
  { name: '--exact', help: 'this name alone, none below it' },
  { name: '--reason', value: 'TEXT', help: 'why: it stands beside the entry' },
  DRY_RUN,
];
export const ALLOW_OPTIONS: readonly Option[] = [
  { name: '--private', help: 'also where the name leads to a private address' },
  { name: '--expires', value: 'TIME', help: 'until then: 30m, 2h, 7d from now, or a date' },
];
export const REMOVE_OPTIONS: readonly Option[] = [METHOD, DRY_RUN];

export const CHANGE_EXITS: Readonly<Partial<Record<ExitName, string>>> = {
  ok: 'done, and all workers have it',
  failure: 'it is not in force at all workers, or the file changed meanwhile',
  invalid: 'the file as it stands is invalid: mend it first',
};
