// A parsed policy file as plain values with positions, and the checks that every file shares: types,
// unknown keys, list lengths. Knows neither the YAML package nor what a rule means.

import { LIMITS } from './limits.ts';
import type { PolicyProblem } from './status.ts';

export type Position = { readonly line: number; readonly column: number };

export type Tree = { readonly at: Position } & (
  | { readonly kind: 'map'; readonly entries: readonly Entry[] }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'scalar'; readonly value: unknown }
  /** Was reported where it stands. */
  | { readonly kind: 'invalid' }
);

type Entry = { readonly name: string; readonly nameAt: Position; readonly value: Tree };

/** Problems beyond this are not listed: the first ones are what gets fixed first. */
const MAX_PROBLEMS = 20;
/** Longest piece of the file that a message repeats. */
const MAX_QUOTE = 80;

/** Collects the problems of one file. */
export class Report {
  readonly file: string;
  readonly #problems: PolicyProblem[] = [];
  #more = 0;

  constructor(file: string) {
    this.file = file;
  }

  add(at: Position, message: string): void {
    if (this.#problems.length >= MAX_PROBLEMS) this.#more += 1;
    else this.#problems.push({ file: this.file, line: at.line, column: at.column, message });
  }

  /** Empty: the file is valid. */
  get problems(): PolicyProblem[] {
    if (this.#more === 0) return [...this.#problems];
    const last = { file: this.file, line: 1, column: 1, message: `and ${this.#more} more` };
    return [...this.#problems, last];
  }
}

/** A map whose keys are all known → its values by key; null and a problem for anything else. */
export function asMap(
  tree: Tree,
  what: string,
  keys: readonly string[],
  report: Report,
): ReadonlyMap<string, Tree> | null {
  if (tree.kind !== 'map') {
    report.add(tree.at, `${what} must be a map with the keys ${keys.join(', ')}`);
    return null;
  }
  const values = new Map<string, Tree>();
  for (const { name, nameAt, value } of tree.entries) {
    if (!keys.includes(name)) {
      report.add(nameAt, `unknown key ${quote(name)}, allowed: ${keys.join(', ')}`);
    } else if (values.has(name)) {
      report.add(nameAt, `${quote(name)} stands here twice: keep one`);
    } else values.set(name, value);
  }
  return values;
}

/** The items of a list; an absent or empty value is an empty list. */
export function asList(tree: Tree | undefined, what: string, report: Report): readonly Tree[] {
  if (tree === undefined || isNull(tree)) return [];
  if (tree.kind !== 'list') {
    report.add(tree.at, `${what} must be a list`);
    return [];
  }
  return tree.items;
}

/** A list of strings that each pass `read`; the problems are reported where they stand. */
export function asTexts(
  tree: Tree | undefined,
  what: string,
  report: Report,
  read: (text: string) => string | { readonly problem: string },
): string[] {
  const items = asList(tree, what, report);
  if (tree !== undefined && items.length > LIMITS.policyListEntries) {
    report.add(tree.at, `${what} has at most ${LIMITS.policyListEntries} entries`);
    return [];
  }
  return items.flatMap((item) => {
    const text = asText(item, `an entry of ${what}`, report);
    if (text === null) return [];
    const value = read(text);
    if (typeof value === 'string') return [value];
    report.add(item.at, value.problem);
    return [];
  });
}

export function asText(tree: Tree, what: string, report: Report): string | null {
  if (tree.kind === 'invalid') return null;
  if (tree.kind === 'scalar' && typeof tree.value === 'string') return tree.value;
  const hint = tree.kind === 'scalar' && !isNull(tree) ? ': put it in quotes' : '';
  report.add(tree.at, `${what} must be text${hint}`);
  return null;
}

/** A boolean; `fallback` where the key is absent. */
export function asBoolean(
  tree: Tree | undefined,
  what: string,
  fallback: boolean,
  report: Report,
): boolean {
  if (tree === undefined) return fallback;
  if (tree.kind === 'scalar' && typeof tree.value === 'boolean') return tree.value;
  report.add(tree.at, `${what} must be true or false`);
  return fallback;
}

export function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null;
}

/** A piece of the file for a message: quoted, short, on one line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}...` : text);
}
