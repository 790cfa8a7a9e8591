// What a run did and counted, one row a check: tests add rows, and the table is printed when all of
// them have ended. It is Markdown, so that it can be quoted as it is.

import { appendFileSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '../support/temp-dir.ts';

const VARIABLE = 'TORTURE_REPORT';

export type Row = {
  readonly check: string;
  /** What was done, in words. */
  readonly did: string;
  /** Name → count, in the order of the table. */
  readonly counted: Readonly<Record<string, number | string>>;
  readonly sinceMs: number;
};

/** Adds a row. Before the assertions: a run that failed says by how much. */
export function report({ check, did, counted, sinceMs }: Row): void {
  const file = process.env[VARIABLE];
  const seconds = ((performance.now() - sinceMs) / 1000).toFixed(1);
  const numbers = Object.entries(counted).map(([name, count]) => `${name} ${show(count)}`);
  const line = `| ${check} | ${did} | ${numbers.join(', ')} | ${seconds} |\n`;
  if (file !== undefined) appendFileSync(file, line);
}

function show(count: number | string): string {
  return typeof count === 'string' ? count : String(Math.round(count * 10) / 10);
}

/** Vitest calls it before the first test; the tests' own processes inherit the variable. */
export async function setup(): Promise<void> {
  const dir = await tempDir();
  process.env[VARIABLE] = join(dir.path, 'rows');
}

export async function teardown(): Promise<void> {
  const file = process.env[VARIABLE] ?? '';
  let rows = '';
  try {
    rows = readFileSync(file, 'utf8');
  } catch {
    // No test came to its numbers.
  }
  await rm(join(file, '..'), { recursive: true, force: true });
  const sorted = rows.split('\n').filter(Boolean).sort().join('\n');
  const head = '| check | what was done | counted | seconds |\n| --- | --- | --- | --- |';
  if (sorted !== '') process.stdout.write(`\n${head}\n${sorted}\n\n`);
}
