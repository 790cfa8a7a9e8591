import { describe, expect, it } from 'vitest';
import { RunningCount } from '../../../src/worker/running-count.ts';

describe('RunningCount', () => {
  it('lets wait until none runs, whoever began meanwhile included', async () => {
    const count = new RunningCount();
    await count.whenIdle();
    count.begin();
    let isIdle = false;
    const waited = count.whenIdle().then(() => {
      isIdle = true;
    });
    count.begin();
    count.end();
    await Promise.resolve();
    expect([isIdle, count.running]).toEqual([false, 1]);
    count.end();
    await waited;
    expect(isIdle).toBe(true);
  });
});
