import { describe, expect, it } from 'vitest';
import { CYCLE_MS, planFleet } from '../../../bench/fleet/plan.ts';

const OPTIONS = { agents: 300, rampMs: 4000, endMs: 120_000, seed: 1 };
const plan = planFleet(OPTIONS);

describe('planFleet()', () => {
  it('is in order, within its time, and the same for the same seed', () => {
    const times = plan.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThan(OPTIONS.endMs);
    expect(planFleet(OPTIONS)).toEqual(plan);
    expect(planFleet({ ...OPTIONS, seed: 2 })).not.toEqual(plan);
  });

  it('gives each agent a prompt for each half minute, with 20 seconds of answer and three tool calls behind it', () => {
    for (let agent = 0; agent < OPTIONS.agents; agent += 1) {
      const own = plan.filter((action) => action.agent === agent);
      const whole = own.filter((action) => action.kind === 'prompt' && action.events === 400);
      expect(whole.length).toBeGreaterThanOrEqual(3);
      for (const [n, prompt] of whole.entries()) {
        const next = whole[n + 1];
        if (next === undefined) continue;
        expect(next.atMs - prompt.atMs).toBeCloseTo(CYCLE_MS, 6);
        const between = own.filter(({ atMs }) => atMs > prompt.atMs && atMs < next.atMs);
        expect(between.map(({ kind }) => kind)).toEqual(['get', 'get', 'get']);
        expect(Number(between[0]?.atMs) - prompt.atMs).toBeGreaterThan(20_000);
      }
    }
  });

  it('is as even when all have come as later: two thirds of the agents hear an answer', () => {
    for (const atMs of [OPTIONS.rampMs, 20_000, 60_000, 90_000]) {
      const hear = plan.filter(
        (action) =>
          action.kind === 'prompt' &&
          action.atMs <= atMs &&
          action.atMs + action.events * 50 > atMs,
      );
      expect(hear.length / OPTIONS.agents).toBeGreaterThan(0.55);
      expect(hear.length / OPTIONS.agents).toBeLessThan(0.78);
      expect(new Set(hear.map(({ agent }) => agent)).size).toBe(hear.length);
    }
  });

  it('has tools that give 2 to 40 KB, and agents that come one after the other', () => {
    const bytes = plan.flatMap((action) => (action.kind === 'get' ? [action.bytes] : []));
    expect(Math.min(...bytes)).toBeGreaterThanOrEqual(2048);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(40_960);
    const first = (agent: number) => plan.find((action) => action.agent === agent)?.atMs ?? -1;
    expect(first(299)).toBeGreaterThanOrEqual((4000 * 299) / 300);
  });
});
