// Text of one policy file → its validated content, or every problem with line, column and the fix.
// The home of yaml. Pure: who calls reads the file; what is in force is decided elsewhere.
//
// Invariant: what these functions return needs no second check: names, networks and paths are in normal form.

import { Buffer } from 'node:buffer';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { LIMITS } from './limits.ts';
import { type Agents, readAgents } from './policy-agents.ts';
import { readNetwork } from './policy-network.ts';
import { type Names, RULE_FILES, type RuleFile, readRules } from './policy-rules.ts';
import type { Mode, PolicySource, Rule } from './policy-source.ts';
import { isPublicSuffix } from './policy-suffix.ts';
import { type Position, quote, Report, type Tree } from './policy-tree.ts';
import type { PolicyProblem } from './status.ts';

export type { PolicyProblem } from './status.ts';

const MODES: readonly Mode[] = ['enforce', 'audit', 'blocklist'];
/** Deeper than any valid file, shallow enough for recursion. */
const MAX_DEPTH = 8;
const START: Position = { line: 1, column: 1 };

/** Content of the file `mode`: one word. */
export function parseMode(text: string): Mode | PolicyProblem[] {
  const word = text.trim();
  const mode = MODES.find((known) => known === word);
  if (mode !== undefined) return mode;
  const message = `mode must be one of ${MODES.join(', ')}, got ${quote(word)}`;
  return [{ file: 'mode', ...START, message }];
}

/** Content of enforce.yaml or blocklist.yaml, or of an overlay. An empty text is an empty list. */
export function parseRules(file: RuleFile, text: string): Rule[] | PolicyProblem[] {
  return parseFile(file, text, (tree, report) => readRules(tree, RULE_FILES[file], NAMES, report));
}

/** Content of agents.yaml. */
export function parseAgents(text: string): Agents | PolicyProblem[] {
  return parseFile('agents.yaml', text, readAgents);
}

/** Content of network.yaml. */
export function parseNetwork(text: string): PolicySource['network'] | PolicyProblem[] {
  return parseFile('network.yaml', text, readNetwork);
}

/** Tells the problems of a file from its content, which may be a list, too. */
export function isProblems<T>(parsed: T | PolicyProblem[]): parsed is PolicyProblem[] {
  if (!Array.isArray(parsed)) return false;
  const first: unknown = parsed[0];
  return typeof first === 'object' && first !== null && 'message' in first && 'column' in first;
}

/**
 * Whether a YAML file ends in the middle of a line: a program that died while it wrote leaves half a
 * name, or an entry without its conditions.
 */
export function isCutOff(text: string): boolean {
  return text !== '' && !/[\n\]}]$/.test(text);
}

const NAMES: Names = {
  isPublicSuffix,
  toAscii(name) {
    const url = `http://${name}`;
    return !/[/?#@:\\]/.test(name) && URL.canParse(url) ? new URL(url).hostname : '';
  },
};

/** Size, characters, YAML, then `build`. Nothing in the file can make this throw. */
function parseFile<T>(
  file: string,
  text: string,
  build: (tree: Tree, report: Report) => T,
): T | PolicyProblem[] {
  const report = new Report(file);
  const tree = readTree(text, report);
  if (tree === null) return report.problems;
  const value = build(tree, report);
  return report.problems.length > 0 ? report.problems : value;
}

function readTree(text: string, report: Report): Tree | null {
  if (Buffer.byteLength(text) > LIMITS.policyFileBytes) {
    report.add(START, `the file must be at most ${LIMITS.policyFileBytes} bytes`);
    return null;
  }
  const odd = /[^\t\n\r\x20-\x7e\x85\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  if (odd !== null) {
    const before = text.slice(0, odd.index).split('\n');
    const at = { line: before.length, column: (before.at(-1) ?? '').length + 1 };
    report.add(at, `a control character (${quote(odd[0])}) has no place here: delete it`);
    return null;
  }
  const lines = new LineCounter();
  if (isTooDeep(text)) {
    report.add(START, `nested too deeply: at most ${MAX_DEPTH} levels`);
    return null;
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      // Our own check is linear; that of the package compares each key with each.
      uniqueKeys: false,
    });
    for (const problem of [...document.errors, ...document.warnings]) {
      report.add(positionOf(lines, problem.pos[0]), `not valid YAML: ${problem.message}`);
    }
    if (report.problems.length > 0) return null;
    return toTree(document.contents, { lines, report, depth: 0 }) ?? EMPTY;
  } catch (error) {
    // Whatever the package throws at what it cannot read.
    report.add(START, `not valid YAML: ${error instanceof Error ? error.message : 'unreadable'}`);
    return null;
  }
}

/** Far more than a valid file has, far less than the stack of the YAML package holds. */
const MAX_BRACKETS = 64;
const MAX_INDENT = 256;

/**
 * Whether a file nests so deeply that the package, which recurses, could end the stack: there V8 does
 * not always throw, where it needs to compile a regular expression it ends the process. Linear.
 */
function isTooDeep(text: string): boolean {
  let brackets = 0;
  /** Characters of this line that may open a level each; -1 behind the first other one. */
  let indent = 0;
  for (const char of text) {
    if (char === '\n') indent = 0;
    else if (indent >= 0) indent = ' \t-?:'.includes(char) ? indent + 1 : -1;
    if (char === '[' || char === '{') brackets += 1;
    else if (char === ']' || char === '}') brackets = Math.max(0, brackets - 1);
    if (brackets > MAX_BRACKETS || indent > MAX_INDENT) return true;
  }
  return false;
}

const EMPTY: Tree = { kind: 'map', at: START, entries: [] };

type Walk = { readonly lines: LineCounter; readonly report: Report; readonly depth: number };

/** Node of the package → tree; null for nothing at all. */
function toTree(node: unknown, walk: Walk): Tree | null {
  const { lines, report } = walk;
  const at = positionOf(lines, (node as { range?: [number] } | null)?.range?.[0] ?? 0);
  if (walk.depth > MAX_DEPTH) {
    report.add(at, `nested too deeply: at most ${MAX_DEPTH} levels`);
    return null;
  }
  const below = { ...walk, depth: walk.depth + 1 };
  if (isAlias(node)) {
    const name = node.source.replace(/^\./, '');
    report.add(
      at,
      `*${node.source} is an alias to YAML: put it in quotes, or write ${quote(name)}`,
    );
    return { kind: 'invalid', at };
  }
  if (isSeq(node)) {
    return { kind: 'list', at, items: node.items.map((item) => toTree(item, below) ?? nullAt(at)) };
  }
  if (isMap(node)) {
    const entries = node.items.map((pair) => {
      const key = toTree(pair.key, below) ?? nullAt(at);
      const isText = key.kind === 'scalar' && typeof key.value === 'string';
      if (!isText) report.add(key.at, 'a key must be a word');
      const name = isText ? String(key.value) : '';
      return { name, nameAt: key.at, value: toTree(pair.value, below) ?? nullAt(key.at) };
    });
    return { kind: 'map', at, entries };
  }
  if (!isScalar(node) || (walk.depth === 0 && node.value === null)) return null;
  return { kind: 'scalar', at, value: node.value };
}

function nullAt(at: Position): Tree {
  return { kind: 'scalar', at, value: null };
}

function positionOf(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
