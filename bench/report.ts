// Measurements → the tables that a person reads and the JSON that the next comparison reads. Pure but
// for the file it writes.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from './result.ts';
import type { Column, Measurement, Scenario } from './scenario.ts';
import { ratiosOf, type Spread, spreadOf, valuesOf } from './statistics.ts';
import { firstLine, formatTable } from './table.ts';
import { judgeTargets, TARGETS, type Target, type Verdict } from './targets.ts';

type Described = Pick<Scenario, 'name' | 'what' | 'columns' | 'compared' | 'subject'>;

/** What the subject is divided by, itself where it stands for itself; a metric; three numbers; its target. */
type Comparison = {
  readonly against: string | null;
  readonly metric: string;
  readonly spread: Spread;
  readonly verdict: Verdict | null;
};

/** Medians of a scenario's programs, and below them the ratios of its subject, with their targets. */
export function formatScenario(scenario: Described, results: readonly Result[]): string {
  const own = results.filter((result) => result.scenario === scenario.name);
  const head = [scenario.name, ...scenario.columns.map(({ title }) => title), ''];
  const rows = [head, ...own.map((result) => formatRow(result, scenario.columns))];
  const medians = formatTable(rows, [0, head.length - 1]);
  const compared = compare(scenario, own);
  if (compared.length === 0) return `${scenario.what}\n${medians}`;
  const ratios = [
    [scenario.subject ?? 'leash', '', 'min', 'median', 'max', '', ''],
    ...compared.map((one) => formatComparison(one, scenario.columns)),
  ];
  return `${scenario.what}\n${medians}\n${formatTable(ratios, [0, 1, 5, 6])}`;
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
  const targets = judgeTargets(TARGETS, results);
  await writeFile(path, `${JSON.stringify({ at, ...setting, targets, results }, null, 2)}\n`);
  return path;
}

function formatRow({ program, what, outcome }: Result, columns: readonly Column[]): string[] {
  const empty = columns.map(() => '');
  if ('skipped' in outcome) return [program, ...empty, outcome.skipped];
  if ('problem' in outcome) return [program, ...empty, `FAILED: ${firstLine(outcome.problem)}`];
  const cells = columns.map(({ metric, digits }) => {
    const spread = spreadOf(valuesOf(outcome.rounds, metric));
    return spread === null ? '-' : spread.median.toFixed(digits);
  });
  return [program, ...cells, what];
}

/** Each program that was measured, by the scenario's own metric; then targets of other metrics. */
function compare(
  { name, compared, subject = 'leash' }: Described,
  own: readonly Result[],
): Comparison[] {
  const rounds = roundsOf(own, subject);
  const verdicts = judgeTargets(TARGETS, own).filter(({ target }) => target.scenario === name);
  const main = own.flatMap(({ program }) => {
    const spread = spreadOf(ratiosOf(rounds, roundsOf(own, program), compared));
    if (program === subject || spread === null) return [];
    const verdict = verdicts.find(({ target }) => isOf(target, program, compared)) ?? null;
    return [{ against: program, metric: compared, spread, verdict }];
  });
  const others = verdicts
    .filter((verdict) => !main.some((one) => one.verdict === verdict))
    .map((verdict) => {
      const { against, metric } = verdict.target;
      return { against, metric, spread: verdict, verdict };
    });
  return [...main, ...others];
}

function isOf(target: Target, against: string, metric: string): boolean {
  return target.against === against && target.metric === metric;
}

function formatComparison(
  { against, metric, spread, verdict }: Comparison,
  columns: readonly Column[],
): string[] {
  const digits = against === null ? 2 : 3;
  const numbers = [spread.min, spread.median, spread.max].map((number) => number.toFixed(digits));
  const title = columns.find((column) => column.metric === metric)?.title ?? metric;
  const target = verdict === null ? '' : `${verdict.target.bound} ${short(verdict.target.limit)}`;
  const met = verdict === null ? '' : `target ${verdict.isMet ? 'met' : 'NOT met'}`;
  return [against === null ? 'itself' : `: ${against}`, title, ...numbers, target, met];
}

function short(limit: number): string {
  return String(Number(limit.toFixed(3)));
}

function roundsOf(results: readonly Result[], name: string): readonly Measurement[] {
  const outcome = results.find(({ program }) => program === name)?.outcome;
  return outcome !== undefined && 'rounds' in outcome ? outcome.rounds : [];
}
