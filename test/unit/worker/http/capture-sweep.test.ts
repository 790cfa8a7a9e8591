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

  it('looks at each once in a pass, however often one is asked for', () => {
    const { swept, sweep, turn } = setUp('abc', LIMITS.sweepSliceMs);
    for (let second = 0; second < 3; second += 1) {
      sweep.start();
      turn();
    }
    turn();
    expect(swept.map(([name]) => name).join('')).toBe('abc');
    sweep.start();
    expect(swept.at(-1)).toBe('a@3');
  });

  it('leaves out what has ended meanwhile, and has what came', () => {
    const { swept, captures, set, sweep, turn, captureOf } = setUp('abc', LIMITS.sweepSliceMs);
    sweep.start();
    const ended = captures.get('b');
    if (ended !== undefined) set.delete(ended);
    set.add(captureOf('d'));
    for (let turns = 0; turns < 4; turns += 1) turn();
    expect(swept.map(([name]) => name).join('')).toBe('acd');
  });

  it('ends its slice also where the clock is set back', () => {
    const { swept, sweep } = setUp('ab', -60_000);
    sweep.start();
    expect(swept).toEqual(['a@0']);
  });
});
