// JSON text → the lines of a tree of which only what is open is looked at. Pure. It reads the text and
// makes no objects of it: names that mean something to a program (`__proto__`) are text like any other,
// what is written twice stays twice, long numbers keep their digits, and a cut text stays cut. Nothing
// here recurses: nesting is a count.

export type JsonNode = {
  readonly kind: 'object' | 'array' | 'string' | 'other';
  /** Where it begins, and where it ends (without this place). */
  readonly start: number;
  readonly end: number;
  /** The name in front of it, as written with its quotes; null: it has none. */
  readonly name: string | null;
  /** Members of a container. */
  readonly count: number;
  /** The text ends inside of it. */
  readonly isCut: boolean;
};

export type TreeLine =
  | {
      readonly type: 'node';
      readonly node: JsonNode;
      readonly depth: number;
      readonly isOpen: boolean;
    }
  | { readonly type: 'end'; readonly node: JsonNode; readonly depth: number }
  /** Members that are not shown. */
  | {
      readonly type: 'more';
      readonly node: JsonNode;
      readonly depth: number;
      readonly hidden: number;
    };

/** What a person opened: beginning of a container → how many of its members are shown. */
export type Opened = ReadonlyMap<number, number>;

/** Members shown at first, and more with each step. */
export const STEP = 100;
/** Lines that a browser lays out without a pause. */
export const MAX_LINES = 3000;
/** Lines of a tree that nobody has opened yet. */
const FIRST_LINES = 60;

/** Where containers of a text end and what they count, by where they begin. */
export type Extents = Map<number, Pick<JsonNode, 'end' | 'count' | 'isCut'>>;
/** Containers that are remembered, the first of the text: others are read again when they are met. */
const MAX_EXTENTS = 20_000;

/** How much may still be read: each level of a deep text is nearly as long as all of it. */
type Reading = { readonly extents: Extents; left: number };
const MIN_READ_CHARS = 1024 * 1024;

function readingOf(text: string, extents: Extents): Reading {
  return { extents, left: Math.max(2 * text.length, MIN_READ_CHARS) };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The value of the whole text; null where there is none, or more than one. */
export function rootOf(text: string, extents: Extents = new Map()): JsonNode | null {
  const start = skipSpace(text, 0);
  const reading = readingOf(text, extents);
  const root = start < text.length ? readValue(text, start, null, reading) : null;
  return root === null || skipSpace(text, root.end) < text.length ? null : root;
}

/** The first `limit` members of a container. */
export function membersOf(
  text: string,
  node: JsonNode,
  limit: number,
  reading = readingOf(text, new Map()),
): JsonNode[] {
  const members: JsonNode[] = [];
  let at = skipSpace(text, node.start + 1);
  const end = node.isCut ? node.end : node.end - 1;
  while (at < end && members.length < limit) {
    let name: string | null = null;
    if (text.charCodeAt(at) === QUOTE) {
      const close = endOfString(text, at);
      const colon = skipSpace(text, close);
      if (text[colon] === ':') {
        name = text.slice(at, close);
        at = skipSpace(text, colon + 1);
      }
    }
    if (at >= end) {
      members.push({ kind: 'other', start: at, end: at, name, count: 0, isCut: true });
      break;
    }
    const value = readValue(text, at, name, reading);
    members.push(value);
    at = skipSpace(text, value.end);
    // What stands between a value and the next comma has no place in JSON; it is not lost in Text.
    while (at < end && text[at] !== ',') at += 1;
    at = skipSpace(text, at + 1);
  }
  return members;
}

/**
 * The lines to draw, at most `MAX_LINES` of them; `isCut`: there would be more. `extents`: what was
 * found out about this text before. What would take too long to read stays closed.
 */
export function treeLines(
  text: string,
  root: JsonNode,
  opened: Opened,
  extents: Extents = new Map(),
): { readonly lines: TreeLine[]; readonly isCut: boolean } {
  const lines: TreeLine[] = [];
  const reading = readingOf(text, extents);
  type Task = { readonly node: JsonNode; readonly depth: number; readonly line?: TreeLine };
  const tasks: Task[] = [{ node: root, depth: 0 }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if (lines.length >= MAX_LINES) return { lines, isCut: true };
    const { node, depth, line } = task;
    if (line !== undefined) {
      lines.push(line);
      continue;
    }
    const limit = isContainer(node) && reading.left > 0 ? opened.get(node.start) : undefined;
    lines.push({ type: 'node', node, depth, isOpen: limit !== undefined });
    if (limit === undefined) continue;
    const members = membersOf(text, node, limit, reading);
    tasks.push({ node, depth, line: { type: 'end', node, depth } });
    const hidden = node.count - members.length;
    if (hidden > 0) {
      const more = { type: 'more', node, depth: depth + 1, hidden } as const;
      tasks.push({ node, depth, line: more });
    }
    for (const member of members.reverse()) tasks.push({ node: member, depth: depth + 1 });
  }
  return { lines, isCut: false };
}

/** What is open before anybody opens anything: level by level, as long as it fits a screen. */
export function firstOpened(
  text: string,
  root: JsonNode,
  most = FIRST_LINES,
  extents: Extents = new Map(),
): Opened {
  const opened = new Map<number, number>();
  const reading = readingOf(text, extents);
  let budget = most;
  let level: JsonNode[] = [root];
  while (level.length > 0) {
    const next: JsonNode[] = [];
    for (const node of level) {
      if (!isContainer(node) || node.count === 0 || reading.left <= 0) continue;
      const isRoot = node === root;
      if (!isRoot && node.count > budget) continue;
      opened.set(node.start, STEP);
      budget -= Math.min(node.count, STEP);
      if (budget > 0) next.push(...membersOf(text, node, STEP, reading));
    }
    level = next;
  }
  return opened;
}

export function isContainer({ kind }: JsonNode): boolean {
  return kind === 'object' || kind === 'array';
}

function readValue(text: string, start: number, name: string | null, reading: Reading): JsonNode {
  const first = text[start];
  if (first === '{' || first === '[') {
    const kind = first === '{' ? 'object' : 'array';
    return { kind, start, name, ...extentOf(text, start, reading) };
  }
  if (first === '"') {
    const end = endOfString(text, start);
    const isCut = end - start < 2 || text.charCodeAt(end - 1) !== QUOTE || isEscaped(text, end - 1);
    return { kind: 'string', start, end, name, count: 0, isCut };
  }
  let end = start;
  while (end < text.length && !isSign(text.charCodeAt(end))) end += 1;
  // A sign that no value begins with is taken alone, so that reading goes on; a comma ends nothing.
  if (end === start && first !== ',') end += 1;
  return { kind: 'other', start, end, name, count: 0, isCut: false };
}

function extentOf(text: string, start: number, reading: Reading) {
  const known = reading.extents.get(start);
  if (known !== undefined) return known;
  const extent = readContainer(text, start, reading.extents);
  reading.left -= extent.end - start;
  return extent;
}

/** To the bracket that closes it; counts what stands directly inside, and notes those inside as well. */
function readContainer(text: string, start: number, extents: Extents) {
  type Open = { readonly start: number; commas: number; isEmpty: boolean };
  const first: Open = { start, commas: 0, isEmpty: true };
  // The outermost of those that are open; `depth` counts all, `inner` is the innermost if it is noted.
  const open = [first];
  let depth = 1;
  let inner: Open | undefined = first;
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      if (inner !== undefined) inner.isEmpty = false;
      at = endOfString(text, at) - 1;
    } else if (code === 0x7b || code === 0x5b) {
      if (inner !== undefined) inner.isEmpty = false;
      const isNoted: boolean = inner !== undefined && extents.size + open.length < MAX_EXTENTS;
      inner = isNoted ? { start: at, commas: 0, isEmpty: true } : undefined;
      if (inner !== undefined) open.push(inner);
      depth += 1;
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (inner !== undefined) {
        const extent = { end: at + 1, count: countIn(inner), isCut: false };
        open.pop();
        if (extents.size < MAX_EXTENTS) extents.set(inner.start, extent);
        if (depth === 0) return extent;
      }
      inner = depth === open.length ? open.at(-1) : undefined;
    } else if (inner !== undefined) {
      if (code === 0x2c) inner.commas += 1;
      else if (code > 0x20) inner.isEmpty = false;
    }
  }
  for (const each of open) {
    const extent = { end: text.length, count: countIn(each), isCut: true };
    if (extents.size < MAX_EXTENTS) extents.set(each.start, extent);
  }
  return { end: text.length, count: countIn(first), isCut: true };
}

function countIn({ commas, isEmpty }: { commas: number; isEmpty: boolean }): number {
  return isEmpty ? 0 : commas + 1;
}

/** Behind the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start; ; ) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    if (!isEscaped(text, at)) return at + 1;
  }
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}

function isSign(code: number): boolean {
  return code <= 0x20 || code === 0x2c || code === 0x7d || code === 0x5d || code === 0x3a;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}
