import { describe, expect, it } from 'vitest';
import type { Effect } from '../../../../src/viewer/policy/effect.ts';
import { effectTexts, partialText } from '../../../../src/viewer/ui/policy/effect-text.ts';
import { leftText } from '../../../../src/viewer/ui/policy/left-text.ts';

const NOBODY = { requests: 0, agents: 0, hosts: 0, top_agents: [], top_hosts: [] };
const EFFECT: Effect = {
  newly_allowed: { ...NOBODY, requests: 1214, agents: 3, hosts: 1 },
  newly_blocked: NOBODY,
  requests: 5000,
  problem: '',
  mode: 'enforce',
  window_s: 86_400,
  complete: true,
  searched_back_to: 1,
};

describe('effectTexts()', () => {
  it('effectTexts() says how many requests of whom, and when nothing changes', () => {
    expect(effectTexts(EFFECT)).toEqual({
      allowed: 'Would have allowed 1,214 requests of 3 agents to 1 host in 24 h',
      blocked: '',
      none: '',
    });
    const none = { ...EFFECT, newly_allowed: NOBODY, window_s: 7 * 86_400 };
    expect(effectTexts(none).none).toBe(
      'Would have changed nothing for the 5,000 requests of 7 days',
    );
  });

  it('partialText() says how far the log was read, where that is not all', () => {
    expect(partialText(EFFECT, new Date())).toBe('');
    const partial = { ...EFFECT, complete: false, searched_back_to: null };
    expect(partialText(partial, new Date())).toContain('nothing was read');
  });
});

describe('leftText()', () => {
  it.each([
    [-1, 'ended'],
    [61, '2 min left'],
    [3 * 3600 + 60, '3 h 1 min left'],
    [50 * 3600, '2.1 days left'],
  ])('leftText() of %d seconds is %s', (seconds, text) => {
    expect(leftText(seconds)).toBe(text);
  });
});
