// The sources as text: what a rule about files needs to know of each. No compiler, so it is quick.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Import = {
  /** As written. */
  readonly from: string;
  /** Path from the root for a relative import, else the package: `node:fs`, `hono`, `@x/y`. */
  readonly target: string;
  readonly relative: boolean;
  readonly typeOnly: boolean;
};

export type SourceFile = {
  /** From the root, with slashes: `src/shared/host.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  readonly lineCount: number;
  readonly imports: readonly Import[];
};

/** All TypeScript and JavaScript files below these folders, sorted by path. */
export function readSources(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => filesBelow(join(ROOT, folder)))
    .filter((path) => /\.(ts|tsx|mjs)$/.test(path))
    .map((path) => readSource(relative(ROOT, path)))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Text of a file of the project, or null where it does not exist. */
export function readProjectFile(path: string): string | null {
  return existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : null;
}

/** What follows each `Invariant:` mark: up to the end of the sentence or the comment. */
export function invariantsOf(source: SourceFile): string[] {
  const joined = source.text.replace(/\n\s*(?:\/\/|\*)(?! Invariant:) ?(?!\/)/g, ' ');
  return [...joined.matchAll(/(?:\/\/|\*)\s+Invariant: (.*)/g)].map((match) => match[1] ?? '');
}

/** The first import cycle below a list of files, as the paths in turn, or null. */
export function findCycle(sources: readonly SourceFile[]): string[] | null {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) {
      const cycle = typeOnly ? null : visit(target, [...trail, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const { path } of sources) {
    const cycle = visit(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = withoutComments(text);
  const lineCount = text.split('\n').length - 1;
  return { path, text, code, lineCount, imports: readImports(path, code) };
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(folder, name),
  );
}

/** Line comments that start a line or follow a blank, and block comments; `http://` stays. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

const STATIC = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function readImports(path: string, code: string): Import[] {
  const found: Import[] = [];
  for (const [, type, from = ''] of code.matchAll(STATIC)) {
    found.push({ from, typeOnly: type !== undefined, ...resolveImport(path, from) });
  }
  for (const [, from = ''] of code.matchAll(DYNAMIC)) {
    found.push({ from, typeOnly: false, ...resolveImport(path, from) });
  }
  return found;
}

function resolveImport(path: string, from: string): { target: string; relative: boolean } {
  if (from.startsWith('.')) {
    return { target: posix.normalize(posix.join(dirname(path), from)), relative: true };
  }
  const parts = from.split('/');
  const target = from.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? from);
  return { target, relative: false };
}
