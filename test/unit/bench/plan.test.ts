// How long the benchmark says that it will take.

import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../bench/options.ts';
import { formatSeconds, programsIn, roundsOf, secondsOf } from '../../../bench/plan.ts';
import type { Program } from '../../../bench/programs/program.ts';
import { PROGRAMS } from '../../../bench/programs/programs.ts';
import { SCENARIOS } from '../../../bench/scenarios.ts';

const [A, B, C] = ['a', 'b', 'c'].map(
  (name): Program => ({ name, describe: () => '', start: () => null }),
) as [Program, Program, Program];

describe('secondsOf()', () => {
  const scenario = {
    unfit: { b: 'no' },
    turnSeconds: ({ seconds }: { seconds: number }) => seconds,
  };
  const options = { rounds: 5, seconds: 4 };

  it('counts turns of the programs that have a place in it', () => {
    expect(secondsOf(scenario, [A, B, C], options)).toBe(10 + 2 * 5 * 4);
  });

  it('counts no more rounds, and no other programs, than a scenario has', () => {
    expect(secondsOf({ ...scenario, maxRounds: 1 }, [A, C], options)).toBe(10 + 2 * 4);
    expect(secondsOf({ ...scenario, programs: [C] }, [A, B], options)).toBe(10 + 5 * 4);
    expect(programsIn({ programs: [C] }, [A, B])).toEqual([C]);
    expect(programsIn({}, [A, B])).toEqual([A, B]);
    expect([roundsOf({ maxRounds: 2 }, 1), roundsOf({ maxRounds: 2 }, 3), roundsOf({}, 3)]).toEqual(
      [1, 2, 3],
    );
  });
});

it('all scenarios that need not be named take half an hour at most, with all programs that need not be', () => {
  const usual = SCENARIOS.filter(({ isLong }) => !isLong);
  const programs = PROGRAMS.filter(({ onlyNamed }) => !onlyNamed);
  const all = usual.map((scenario) => secondsOf(scenario, programs, DEFAULTS));
  expect(all.reduce((sum, seconds) => sum + seconds, 0)).toBeLessThanOrEqual(30 * 60);
});

it('formatSeconds() says short times in seconds, and does not promise less', () => {
  expect([99, 100, 121, 1800].map(formatSeconds)).toEqual(['99 s', '2 min', '3 min', '30 min']);
});
