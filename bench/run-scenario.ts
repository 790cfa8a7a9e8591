// One scenario: its programs are started fresh, take turns for all rounds (A B C A B C …), are stopped, and
// their logs are asked whether it is all true. They are started once, not for each round: the numbers
// of a round lie seconds apart, and each has run for a while; it is for a scenario to warm up what grew
// cold meanwhile. One that waits for its turn is given the time to come to rest before the next.

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { settle } from './meter.ts';
import type { Options } from './options.ts';
import type { Origin } from './origin.ts';
import { programsIn, roundsOf } from './plan.ts';
import type { MeasuredProgram, Program, Totals } from './programs/program.ts';
import type { Result } from './result.ts';
import type { Measurement, Scenario } from './scenario.ts';
import { firstLine } from './table.ts';

export type RunContext = {
  readonly options: Options;
  readonly programs: readonly Program[];
  /** All files are below it. */
  readonly folder: string;
  /** What has to be ended, newest last. */
  readonly cleanup: (() => Promise<void>)[];
  readonly interrupted: AbortSignal;
  /** A line on how far it is. */
  say(text: string): void;
};

/** A program that takes turns. */
type Runner = {
  readonly program: Program;
  readonly what: string;
  readonly dir: string;
  readonly running: MeasuredProgram | null;
  readonly rounds: Measurement[];
  readonly totals: { -readonly [name in keyof Totals]: number };
  problem: string | null;
};

export async function runScenario(
  scenario: Scenario,
  context: RunContext,
): Promise<{ readonly originName: string; readonly results: readonly Result[] }> {
  const { folder, cleanup, programs, options, interrupted } = context;
  const origin = await scenario.startOrigin(await mkdtemp(join(folder, 'origin-')));
  cleanup.push(origin.stop);
  const entries: (Runner | Result)[] = [];
  for (const program of programsIn(scenario, programs)) {
    if (interrupted.aborted) break;
    entries.push(await prepare(program, { scenario, origin, context }));
  }
  const runners = entries.filter((entry) => 'rounds' in entry);
  const rounds = roundsOf(scenario, options.rounds);
  for (let round = 0; round < rounds; round += 1) {
    for (const runner of runners) {
      if (runner.problem !== null || interrupted.aborted) continue;
      await takeTurn(runner, { scenario, origin, context });
    }
  }
  for (const runner of runners) {
    // What failed in the middle has no number of requests that a log could agree with.
    await end(runner).catch((error) => {
      runner.problem ??= problemOf(error);
    });
  }
  await origin.stop();
  const results = entries.map((entry) =>
    'rounds' in entry ? resultOf(scenario.name, entry) : entry,
  );
  return { originName: origin.name, results };
}

type Turn = {
  readonly scenario: Scenario;
  readonly origin: Origin;
  readonly context: RunContext;
};

/** Started, or the reason why it is not. */
async function prepare(
  program: Program,
  { scenario, origin, context }: Turn,
): Promise<Runner | Result> {
  const what = program.describe();
  const unfit = what === null ? 'not installed' : scenario.unfit[program.name];
  const result = (outcome: Result['outcome']): Result => {
    return { scenario: scenario.name, program: program.name, what: what ?? '', outcome };
  };
  if (unfit !== undefined || what === null) return result({ skipped: unfit ?? '' });
  try {
    const dir = await mkdtemp(join(context.folder, `${program.name}-`));
    const { buffering } = scenario;
    const { log } = context.options;
    const running = await program.start({ origin, dir, buffering, log });
    if (running !== null) context.cleanup.push(running.stop);
    const totals = { requests: 0, requestBytes: 0, answerBytes: 0 };
    return { program, what, dir, running, rounds: [], totals, problem: null };
  } catch (error) {
    return result({ problem: problemOf(error) });
  }
}

async function takeTurn(runner: Runner, { scenario, origin, context }: Turn): Promise<void> {
  const { program, running, dir, rounds, totals } = runner;
  const { options, say } = context;
  try {
    const measured = await scenario.run({
      ...{ options, origin, program: running, dir },
      sent(load) {
        totals.requests += load.requests;
        totals.requestBytes += load.requestBytes;
        totals.answerBytes += load.answerBytes;
      },
    });
    const laterCpuSeconds = running === null ? 0 : await settle(running.pid);
    rounds.push({ ...measured, laterCpuSeconds });
    const numbers = scenario.columns.flatMap(({ metric, title, digits }) => {
      const value = measured[metric];
      return value === undefined ? [] : `${title} ${value.toFixed(digits)}`;
    });
    say(`${scenario.name} ${rounds.length} ${program.name}: ${numbers.join(', ')}\n`);
  } catch (error) {
    runner.problem = problemOf(error);
    say(
      `${scenario.name} ${rounds.length + 1} ${program.name}: FAILED: ${firstLine(runner.problem)}\n`,
    );
  }
}

/** Its log may be gigabytes, so it goes at once. */
async function end({ running, problem, totals, dir }: Runner): Promise<void> {
  await running?.stop();
  if (problem === null) await running?.check(totals);
  await rm(dir, { recursive: true, force: true });
}

/** Numbers of a program whose log disagrees are no numbers. */
function resultOf(scenario: string, { program, what, rounds, problem }: Runner): Result {
  const outcome = problem === null ? { rounds } : { problem };
  return { scenario, program: program.name, what, outcome };
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}
