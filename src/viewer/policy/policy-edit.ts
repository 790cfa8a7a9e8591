// One change to one policy file, as text: an entry more or an entry less, comments kept. Pure: text
// in, text or a problem out; policy-write.ts puts it on the disk.
//
// Invariant: what an edit returns is valid: it was read again by the parser that the primary uses.

import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isSeq, LineCounter, parseDocument, type YAMLSeq } from 'yaml';
import { isProblems, type PolicyProblem, parseRules } from '../../shared/policy-file.ts';
import { FORMAT, type ItemPath, spliceAppend, spliceRemove } from './policy-splice.ts';

export type EditFile = 'enforce.yaml' | 'blocklist.yaml';

/** Which entry is meant, in the words of the API. */
export type EntrySpec = {
  readonly host: string;
  readonly port?: number;
  /** `path`: the entry holds for `method` and `prefix` only. */
  readonly scope?: 'host' | 'path';
  readonly method?: string;
  readonly prefix?: string;
  readonly private?: boolean;
  readonly subdomains?: boolean;
  readonly agents?: readonly string[];
  readonly expires?: string;
  readonly reason?: string;
  /** Where one is removed: the entry that begins in this line, and no other. */
  readonly line?: number;
};

export type Edited =
  | { readonly text: string; readonly changed: boolean }
  | { readonly problem: string; readonly problems?: readonly PolicyProblem[] };

const KEYS = { 'enforce.yaml': 'allow', 'blocklist.yaml': 'block' } as const;
/** Ports that an entry has where it names none; null: all. */
const DEFAULT_PORT = { 'enforce.yaml': 443, 'blocklist.yaml': null } as const;

/** One thing done to the list, for the text and for the model alike. */
type Step = { readonly append: unknown } | { readonly remove: ItemPath };

/** The file with these entries; unchanged where it has the same ones already. */
export function addEntries(file: EditFile, text: string, specs: readonly EntrySpec[]): Edited {
  return edit(file, text, (list) => {
    const known = new Set(list.items.map((item) => JSON.stringify(toJson(item))));
    return specs.flatMap((spec) => {
      const entry = entryOf(file, spec);
      const same = JSON.stringify(entry);
      if (known.has(same)) return [];
      known.add(same);
      return [{ append: entry }];
    });
  });
}

/**
 * The file without the entries of this host (and port, where one is given); with `scope: path`,
 * without this method and prefix. What was not there is no problem: then nothing changes.
 */
function removeEntry(file: EditFile, text: string, spec: EntrySpec): Edited {
  return edit(file, text, (list, lineOf) =>
    list.items.flatMap((item, at) => {
      if (!isMeant(file, toJson(item), spec)) return [];
      if (spec.line !== undefined && lineOf(item) !== spec.line) return [];
      const path = [KEYS[file], at];
      if (spec.scope === 'path') return removedPaths(item, spec, path);
      return removedPort(item, spec.port, path) ?? [{ remove: path }];
    }),
  );
}

/** Several specs of the same kind, as one change. */
export function removeEntries(file: EditFile, text: string, specs: readonly EntrySpec[]): Edited {
  let edited: Edited = { text, changed: false };
  // A line counts in the text as it was: the last one first.
  for (const spec of [...specs].sort((a, b) => (b.line ?? 0) - (a.line ?? 0))) {
    const next = removeEntry(file, edited.text, spec);
    if ('problem' in next) return next;
    edited = { text: next.text, changed: edited.changed || next.changed };
  }
  return edited;
}

function edit(
  file: EditFile,
  text: string,
  change: (list: YAMLSeq, lineOf: (item: unknown) => number) => readonly Step[],
): Edited {
  const before = parseRules(file, text);
  if (isProblems(before)) return { problem: `mend the file first: ${described(before)}` };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  const key = KEYS[file];
  if (!isSeq(document.get(key))) document.set(key, document.createNode([]));
  const list = document.get(key) as YAMLSeq;
  const steps = change(list, (item) => lines.linePos(startOf(item)).line);
  if (steps.length === 0) return { text, changed: false };
  const edited = spliced(text, key, steps, document) ?? document.toString(FORMAT);
  const after = parseRules(file, edited);
  return isProblems(after) ? { problem: described(after) } : { text: edited, changed: true };
}

/** Changes the model, and the text in the same places; null where the text says something else then. */
function spliced(
  text: string,
  key: string,
  steps: readonly Step[],
  document: Document,
): string | null {
  let result: string | null = text;
  const list = document.get(key) as YAMLSeq;
  // From the end, so that places further up stay where they are.
  const removals = steps.flatMap((step) => ('remove' in step ? [step.remove] : [])).reverse();
  for (const path of removals) {
    document.deleteIn(path);
    result = result === null ? null : spliceRemove(result, path);
  }
  for (const step of steps) {
    if (!('append' in step)) continue;
    list.flow = false;
    list.add(document.createNode(step.append));
    result = result === null ? null : spliceAppend(result, key, step.append);
  }
  if (list.items.length === 0) list.flow = true;
  if (result === null) return null;
  const read = parseDocument(result);
  const isSame = read.errors.length === 0 && isDeepStrictEqual(read.toJS(), document.toJS());
  return isSame ? result : null;
}

/** As a person would write it: what is the default is left out. */
function entryOf(file: EditFile, spec: EntrySpec): string | Record<string, unknown> {
  const path = {
    ...(spec.method ? { method: spec.method } : {}),
    ...(spec.prefix ? { prefix: spec.prefix } : {}),
  };
  const entry = {
    host: spec.host,
    ...(spec.port === undefined || spec.port === DEFAULT_PORT[file] ? {} : { ports: [spec.port] }),
    ...(spec.subdomains === false ? { subdomains: false } : {}),
    ...(spec.scope === 'path' ? { paths: [path] } : {}),
    ...(spec.agents === undefined ? {} : { agents: spec.agents }),
    ...(spec.private === true ? { private: true } : {}),
    ...(spec.expires === undefined ? {} : { expires: spec.expires }),
    ...(spec.reason === undefined ? {} : { reason: spec.reason }),
  };
  return Object.keys(entry).length === 1 ? spec.host : entry;
}

function isMeant(file: EditFile, entry: unknown, spec: EntrySpec): boolean {
  const { host, ports } = typeof entry === 'string' ? { host: entry } : (entry as Entry);
  if (host !== spec.host && host !== `*.${spec.host}`) return false;
  if (spec.port === undefined) return true;
  return ports === undefined ? spec.port === DEFAULT_PORT[file] : ports.includes(spec.port);
}

/** Takes a port out of an entry that has others; null where it has none, so that the entry goes. */
function removedPort(item: unknown, port: number | undefined, path: ItemPath): Step[] | null {
  const ports = isMap(item) ? item.get('ports') : undefined;
  if (port === undefined || !isSeq(ports) || ports.items.length < 2) return null;
  return ports.items.flatMap((each, at) =>
    toJson(each) === port ? [{ remove: [...path, 'ports', at] }] : [],
  );
}

type Entry = { readonly host?: string; readonly ports?: readonly number[] };

/** Takes a path out of an entry, and the entry with its last path. */
function removedPaths(
  item: unknown,
  { method = '', prefix = '' }: EntrySpec,
  path: ItemPath,
): Step[] {
  const paths = isMap(item) ? item.get('paths') : undefined;
  if (!isSeq(paths)) return [];
  const steps = paths.items.flatMap((one, at) => {
    const each = toJson(one) as { method?: string; prefix?: string };
    const sameMethod = (each.method ?? '').toUpperCase() === method.toUpperCase();
    return sameMethod && (each.prefix ?? '') === prefix ? [{ remove: [...path, 'paths', at] }] : [];
  });
  return steps.length > 0 && steps.length === paths.items.length ? [{ remove: path }] : steps;
}

/** Where the host of an entry begins: the line that the text of a rule names. */
function startOf(item: unknown): number {
  const host = isMap(item) ? item.get('host', true) : item;
  return (host as { range?: [number] } | undefined)?.range?.[0] ?? 0;
}

function toJson(node: unknown): unknown {
  return (node as { toJSON(): unknown }).toJSON();
}

function described(problems: readonly { line: number; column: number; message: string }[]): string {
  const [first] = problems;
  return first === undefined ? '' : `line ${first.line}, column ${first.column}: ${first.message}`;
}
