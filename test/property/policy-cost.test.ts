// What a decision costs must not depend on how many rules there are.

import { describe, expect, it } from 'vitest';
import { costOfDecision } from '../../bench/decide.ts';

describe('decide()', () => {
  it('decide() among 10,000 rules costs what it costs among ten', () => {
    const [few, many] = [costOfDecision(10), costOfDecision(10_000)];
    // Five times for a shared machine; a search through the rules would be a thousand times as dear.
    expect(many / few).toBeLessThan(5);
  }, 60_000);
});
