// An entry of a list → the change that takes it out. Pure.

import type { ChangeAsk } from './change-ask.ts';

/** The entry in this line of a file → the change that removes it; null: the file is not edited so. */
export function removeAsk(entry: {
  readonly file: string;
  readonly host: string;
  readonly line: number;
}): ChangeAsk | null {
  const list = LISTS.get(entry.file);
  if (list === undefined) return null;
  const { host, line } = entry;
  return { path: `/api/policy/${list}/remove`, body: { host, line } };
}

const LISTS: ReadonlyMap<string, string> = new Map([
  ['enforce.yaml', 'enforce'],
  ['blocklist.yaml', 'blocklist'],
]);
