// How long a part of the benchmark takes, to be said before it. Pure.

import type { Options } from './options.ts';
import type { Program } from './programs/program.ts';
import type { Scenario } from './scenario.ts';

/** For the origin and the programs to start and to end, and for logs to be read. */
const AROUND_S = 10;

/** Those that take part in it. */
export function programsIn(
  scenario: Pick<Scenario, 'programs'>,
  programs: readonly Program[],
): readonly Program[] {
  return scenario.programs ?? programs;
}

/** Turns of each program. */
export function roundsOf({ maxRounds }: Pick<Scenario, 'maxRounds'>, rounds: number): number {
  return Math.min(rounds, maxRounds ?? rounds);
}

/** About so many seconds, where all of these programs are installed. */
export function secondsOf(
  scenario: Pick<Scenario, 'programs' | 'maxRounds' | 'unfit' | 'turnSeconds'>,
  programs: readonly Program[],
  options: Pick<Options, 'rounds' | 'seconds'>,
): number {
  const fit = programsIn(scenario, programs).filter(({ name }) => !(name in scenario.unfit));
  const turns = fit.length * roundsOf(scenario, options.rounds);
  return AROUND_S + turns * scenario.turnSeconds(options);
}

/** `40 s`, `12 min`. */
export function formatSeconds(seconds: number): string {
  return seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
