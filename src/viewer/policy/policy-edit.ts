// One change to one policy file, as text: an entry more or an entry less, comments kept. Pure: text
// in, text or a problem out; policy-write.ts puts it on the disk.
//
// Invariant: what an edit returns is valid: it was read again by the parser that the primary uses.

import { isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { isProblems, parseRules } from '../../shared/policy-file.ts';

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
};

export type Edited =
  | { readonly text: string; readonly changed: boolean }
  | { readonly problem: string };

const KEYS = { 'enforce.yaml': 'allow', 'blocklist.yaml': 'block' } as const;
/** Ports that an entry has where it names none; null: all. */
const DEFAULT_PORT = { 'enforce.yaml': 443, 'blocklist.yaml': null } as const;
const FORMAT = { lineWidth: 0, flowCollectionPadding: false } as const;

/** The file with this entry; unchanged where it has the same one already. */
export function addEntry(file: EditFile, text: string, spec: EntrySpec): Edited {
  return edit(file, text, (list, document) => {
    const entry = entryOf(file, spec);
    const same = JSON.stringify(entry);
    if (list.items.some((item) => JSON.stringify(toJson(item)) === same)) return false;
    list.flow = false;
    list.add(document.createNode(entry));
    return true;
  });
}

/**
 * The file without the entries of this host (and port, where one is given); with `scope: path`,
 * without this method and prefix. What was not there is no problem: then nothing changes.
 */
export function removeEntry(file: EditFile, text: string, spec: EntrySpec): Edited {
  return edit(file, text, (list) => {
    let changed = false;
    for (let at = list.items.length - 1; at >= 0; at -= 1) {
      const item = list.items[at];
      if (!isMeant(file, toJson(item), spec)) continue;
      if (spec.scope === 'path' && !removePath(item, spec)) continue;
      changed = true;
      if (spec.scope === 'path' ? hasPaths(item) : removePort(item, spec.port)) continue;
      list.items.splice(at, 1);
    }
    if (list.items.length === 0) list.flow = true;
    return changed;
  });
}

function edit(
  file: EditFile,
  text: string,
  change: (list: YAMLSeq, document: ReturnType<typeof parseDocument>) => boolean,
): Edited {
  const before = parseRules(file, text);
  if (isProblems(before)) return { problem: `mend the file first: ${described(before)}` };
  const document = parseDocument(text);
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  const key = KEYS[file];
  if (!isSeq(document.get(key))) document.set(key, document.createNode([]));
  if (!change(document.get(key) as YAMLSeq, document)) return { text, changed: false };
  const edited = document.toString(FORMAT);
  const after = parseRules(file, edited);
  return isProblems(after) ? { problem: described(after) } : { text: edited, changed: true };
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

/** Takes a port out of an entry that has others; false where it has none, so that the entry goes. */
function removePort(item: unknown, port: number | undefined): boolean {
  const ports = isMap(item) ? item.get('ports') : undefined;
  if (port === undefined || !isSeq(ports) || ports.items.length < 2) return false;
  ports.items = ports.items.filter((each) => toJson(each) !== port);
  return true;
}

type Entry = { readonly host?: string; readonly ports?: readonly number[] };

function removePath(item: unknown, { method = '', prefix = '' }: EntrySpec): boolean {
  const paths = isMap(item) ? item.get('paths') : undefined;
  if (!isSeq(paths)) return false;
  const count = paths.items.length;
  paths.items = paths.items.filter((path) => {
    const each = toJson(path) as { method?: string; prefix?: string };
    const sameMethod = (each.method ?? '').toUpperCase() === method.toUpperCase();
    return !(sameMethod && (each.prefix ?? '') === prefix);
  });
  return paths.items.length < count;
}

function hasPaths(item: unknown): boolean {
  const paths = (item as YAMLMap).get('paths');
  return isSeq(paths) && paths.items.length > 0;
}

function toJson(node: unknown): unknown {
  return (node as { toJSON(): unknown }).toJSON();
}

function described(problems: readonly { line: number; column: number; message: string }[]): string {
  const [first] = problems;
  return first === undefined ? '' : `line ${first.line}, column ${first.column}: ${first.message}`;
}
