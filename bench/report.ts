// Measurements → the table that a person reads and the JSON that the next comparison reads. Pure but
// for the file it writes.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Measurement } from './load.ts';
import type { Program, Scenario } from './options.ts';

export type Result = {
  readonly scenario: Scenario;
  readonly program: Program;
  readonly what: string;
  /** What was measured, or why nothing was. */
  readonly outcome: Measurement | { readonly problem: string } | { readonly skipped: string };
};

const HEAD = ['', '', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs/req', 'CPU : leash', ''];
/** Of the columns above: numbers stand at the right. */
const LEFT = [0, 1, 7];

export function formatTable(results: readonly Result[]): string {
  const rows = [HEAD, ...results.map((result) => formatRow(result, results))];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return LEFT.includes(column) ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
    .concat('\n');
}

/** Path of the file that was written. */
export async function writeReport(
  dir: string,
  setting: Readonly<Record<string, unknown>>,
  results: readonly Result[],
): Promise<string> {
  await mkdir(dir, { recursive: true });
  const at = new Date().toISOString();
  const path = join(dir, `${at.replace(/[-:]|\.\d+/g, '')}.json`);
  await writeFile(path, `${JSON.stringify({ at, ...setting, results }, null, 2)}\n`);
  return path;
}

function formatRow({ scenario, program, what, outcome }: Result, all: readonly Result[]): string[] {
  const empty = ['', '', '', '', ''];
  if ('skipped' in outcome) return [scenario, program, ...empty, outcome.skipped];
  if ('problem' in outcome) return [scenario, program, ...empty, `FAILED: ${outcome.problem}`];
  const cpu = outcome.cpuMicrosPerRequest;
  const leash = all.find((other) => other.scenario === scenario && other.program === 'leash');
  const base =
    leash !== undefined && 'requests' in leash.outcome ? leash.outcome.cpuMicrosPerRequest : null;
  return [
    scenario,
    program,
    outcome.requestsPerSecond.toFixed(0),
    outcome.p50Ms.toFixed(2),
    outcome.p99Ms.toFixed(2),
    cpu === null ? '-' : cpu.toFixed(0),
    cpu === null || base === null ? '-' : `${(cpu / base).toFixed(2)} x`,
    what,
  ];
}
