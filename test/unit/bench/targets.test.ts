// What rounds say of targets; and that each target names what there is.

import { describe, expect, it } from 'vitest';
import { PROGRAMS } from '../../../bench/programs/programs.ts';
import type { Result } from '../../../bench/result.ts';
import { SCENARIOS } from '../../../bench/scenarios.ts';
import { judgeTargets, TARGETS, type Target } from '../../../bench/targets.ts';

const RATIO: Target = {
  ...{ scenario: '1k', metric: 'cpu', against: 'squid' },
  ...{ bound: 'at most', limit: 1 },
};
const OWN: Target = { ...RATIO, against: null, limit: 60 };

function measured(program: string, cpu: readonly number[], scenario = '1k'): Result {
  return { scenario, program, what: '', outcome: { rounds: cpu.map((value) => ({ cpu: value })) } };
}

describe('judgeTargets()', () => {
  it('judges the median of the ratios within rounds', () => {
    const results = [measured('leash', [90, 220, 330]), measured('squid', [100, 200, 300])];
    expect(judgeTargets([RATIO], results)).toEqual([
      { min: 0.9, median: 1.1, max: 1.1, isMet: false, target: RATIO },
    ]);
    const [looser] = judgeTargets([{ ...RATIO, limit: 1.1 }], results);
    expect(looser?.isMet).toBe(true);
  });

  it('takes a limit that is reached exactly as met, in both directions', () => {
    const results = [measured('leash', [80]), measured('squid', [100])];
    const limit = 0.8;
    const judged = judgeTargets(
      [
        { ...RATIO, limit },
        { ...RATIO, limit, bound: 'at least' },
        { ...RATIO, limit: 0.81, bound: 'at least' },
      ],
      results,
    );
    expect(judged.map(({ isMet }) => isMet)).toEqual([true, true, false]);
  });

  it("judges leash's own number where it is compared with nothing", () => {
    const results = [measured('squid', [1]), measured('leash', [64, 50, 60])];
    const spread = { min: 50, median: 60, max: 64 };
    expect(judgeTargets([OWN], results)).toEqual([{ ...spread, isMet: true, target: OWN }]);
  });

  it('leaves out what was not measured', () => {
    const absent: Result = { ...measured('squid', []), outcome: { skipped: 'not installed' } };
    const failed: Result = { ...measured('squid', []), outcome: { problem: 'it ended' } };
    const leash = measured('leash', [1]);
    for (const results of [
      [],
      [leash],
      [leash, absent],
      [leash, failed],
      [leash, measured('squid', [1], '100k')],
      [measured('squid', [1])],
    ]) {
      expect(judgeTargets([RATIO], results)).toEqual([]);
    }
  });
});

describe('TARGETS', () => {
  it.each(TARGETS)('$scenario, $metric against $against: all of it is there', (target) => {
    const scenario = SCENARIOS.find(({ name }) => name === target.scenario);
    expect(scenario?.columns.map(({ metric }) => metric)).toContain(target.metric);
    if (target.against === null) return;
    const programs = scenario?.programs ?? PROGRAMS;
    expect(programs.map(({ name }) => name)).toContain(target.against);
    expect(scenario?.unfit).not.toHaveProperty(target.against);
  });
});
