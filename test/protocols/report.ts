// The matrix that a run of these tests comes to: tests add cells and numbers, and when all have ended
// they are printed as one table, as text that can be quoted as it is.

import { appendFileSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tempDir } from '../support/temp-dir.ts';

const VARIABLE = 'PROTOCOLS_REPORT';

type Entry =
  | { readonly row: string; readonly column: string; readonly value: string }
  | { readonly text: string };

/** One cell of the table: what was done, between which two, and what came of it. */
export function reportCell(row: string, column: string, value: string): void {
  add({ row, column, value });
}

/** A line below the table, for what is measured. */
export function reportNumber(text: string): void {
  add({ text });
}

function add(entry: Entry): void {
  const file = process.env[VARIABLE];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** Vitest calls it before the first test; the tests' own processes inherit the variable. */
export async function setup(): Promise<void> {
  const dir = await tempDir();
  process.env[VARIABLE] = join(dir.path, 'entries');
}

export async function teardown(): Promise<void> {
  const file = process.env[VARIABLE] ?? '';
  let entries: Entry[] = [];
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    entries = lines.map((line) => JSON.parse(line));
  } catch {
    // No test came to its end.
  }
  await rm(dirname(file), { recursive: true, force: true });
  if (entries.length > 0)
    process.stdout.write(`\n${[...table(entries), ...numbers(entries)].join('\n')}\n\n`);
}

function numbers(entries: readonly Entry[]): string[] {
  const texts = entries.flatMap((entry) => ('text' in entry ? [entry.text] : []));
  return texts.length === 0 ? [] : ['', ...texts.sort()];
}

/** Rows and columns in the order in which they came up. */
function table(entries: readonly Entry[]): string[] {
  const cells = entries.flatMap((entry) => ('row' in entry ? [entry] : []));
  if (cells.length === 0) return [];
  const columns = [...new Set(cells.map(({ column }) => column))];
  const rows = [...new Set(cells.map(({ row }) => row))];
  const value = (row: string, column: string) =>
    cells.find((cell) => cell.row === row && cell.column === column)?.value ?? '';
  const lines = [
    ['client → origin', ...columns],
    ...rows.map((row) => [row, ...columns.map((column) => value(row, column))]),
  ];
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((text, at) => text.padEnd(widths?.[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
