import { describe, expect, it } from 'vitest';
import { LogHealth } from '../../../../src/primary/log/log-health.ts';

describe('LogHealth', () => {
  it('says how long the suspension of now lasts, until its record says it', () => {
    let nowMs = 10_000;
    const ended: object[] = [];
    const health = new LogHealth({
      now: () => nowMs,
      onHealth() {},
      onEnded: (fields) => ended.push(fields),
    });
    expect(health.suspendedS).toBe(0);
    health.setProblem('ENOSPC');
    nowMs += 1500;
    expect(health.suspendedS).toBe(1.5);
    health.setProblem('');
    expect(health.suspendedS).toBe(0);
    expect(ended).toEqual([{ from: 10, to: 11.5, refused: 0 }]);
  });
});
