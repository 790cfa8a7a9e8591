// What a run did and counted, one entry a check: tests add entries, and all of them are printed in order
// when the tests have ended, as text that can be quoted as it is.

import { appendFileSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tempDir } from '../support/temp-dir.ts';

const VARIABLE = 'TORTURE_REPORT';
const COLUMNS = 100;
const INDENT = ' '.repeat(6);

export type Entry = {
  readonly check: string;
  /** What was done, in words. */
  readonly did: string;
  /** Name → count, in the order of the text. */
  readonly counted: Readonly<Record<string, number | string>>;
  readonly sinceMs: number;
};

/** Adds an entry. Before the assertions: a run that failed says by how much. */
export function report({ check, did, counted, sinceMs }: Entry): void {
  const file = process.env[VARIABLE];
  const seconds = (performance.now() - sinceMs) / 1000;
  if (file !== undefined) {
    appendFileSync(file, `${JSON.stringify({ check, did, counted, seconds })}\n`);
  }
}

type Line = Omit<Entry, 'sinceMs'> & { readonly seconds: number };

function format({ check, did, counted, seconds }: Line): string {
  const lines = [`${check}  ${did} (${show(seconds)} s)`];
  let line = '';
  for (const [name, count] of Object.entries(counted)) {
    const next = `${name} ${show(count)}`;
    if (line !== '' && INDENT.length + line.length + next.length + 3 > COLUMNS) {
      lines.push(`${INDENT}${line},`);
      line = next;
    } else line = line === '' ? next : `${line}, ${next}`;
  }
  return [...lines, INDENT + line].join('\n');
}

function show(count: number | string): string {
  return typeof count === 'string' ? count : String(Math.round(count * 10) / 10);
}

/** Vitest calls it before the first test; the tests' own processes inherit the variable. */
export async function setup(): Promise<void> {
  const dir = await tempDir();
  process.env[VARIABLE] = join(dir.path, 'entries');
}

export async function teardown(): Promise<void> {
  const file = process.env[VARIABLE] ?? '';
  let lines: string[] = [];
  try {
    lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    // No test came to its numbers.
  }
  await rm(dirname(file), { recursive: true, force: true });
  const entries = lines.map((line) => format(JSON.parse(line))).sort();
  if (entries.length > 0) process.stdout.write(`\n${entries.join('\n')}\n\n`);
}
