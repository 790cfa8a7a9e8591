import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { CaptureSweep } from '../../../../src/worker/http/capture-sweep.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(names: string, eachMs: number) {
  const swept: string[] = [];
  let nowMs = 0;
  const captureOf = (name: string) => ({
    sweep(atMs: number) {
      swept.push(`${name}@${atMs}`);
      nowMs += eachMs;
    },
  });
  const captures = new Map([...names].map((name) => [name, captureOf(name)]));
  const set = new Set(captures.values());
  const sweep = new CaptureSweep(set, () => nowMs);
  const turn = () => vi.advanceTimersByTime(LIMITS.sweepPauseMs);
  return { swept, captures, set, sweep, turn, captureOf };
}

describe('CaptureSweep', () => {
  // Invariant: a sweep takes no more than its slice of a turn, and one capture.
  it('takes no more than its slice of a turn, and one capture', () => {
    const { swept, sweep, turn } = setUp('abcde', LIMITS.sweepSliceMs / 2);
    sweep.start();
    expect(swept).toEqual(['a@0', 'b@0.5']);
    turn();
    expect(swept.slice(2)).toEqual(['c@1', 'd@1.5']);
    turn();
    expect(swept.slice(4)).toEqual(['e@2']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('looks at each once in a pass, and gives more of a turn to one that lasts', () => {
    const { swept, sweep, turn } = setUp('abcdef', LIMITS.sweepSliceMs);
    sweep.start();
    expect(swept).toHaveLength(1);
    sweep.start();
    turn();
    expect(swept).toHaveLength(3);
    for (let second = 0; second < 10; second += 1) sweep.start();
    turn();
    expect(swept.map(([name]) => name).join('')).toBe('abcdef');
    // The next pass begins as small as the first.
    sweep.start();
    expect(swept.slice(6)).toEqual(['a@6']);
  });

  it('leaves out what has ended meanwhile, and is not prolonged by what came', () => {
    const { swept, captures, set, sweep, turn, captureOf } = setUp('abc', LIMITS.sweepSliceMs);
    sweep.start();
    const ended = captures.get('b');
    if (ended !== undefined) set.delete(ended);
    for (let turns = 0; turns < 6; turns += 1) {
      set.add(captureOf('x'));
      set.add(captureOf('x'));
      turn();
    }
    expect(swept.map(([name]) => name).join('')).toBe('acx');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends its slice also where the clock is set back', () => {
    const { swept, sweep } = setUp('ab', -60_000);
    sweep.start();
    expect(swept).toEqual(['a@0']);
  });
});
