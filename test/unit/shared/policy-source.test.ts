import { describe, expect, it } from 'vitest';
import { compilePolicy, decide } from '../../../src/shared/policy.ts';
import { EMPTY_POLICY } from '../../../src/shared/policy-source.ts';
import { askFor } from '../../support/policy-ask.ts';

describe('EMPTY_POLICY', () => {
  it('EMPTY_POLICY lets nothing pass', () => {
    const policy = compilePolicy(1, EMPTY_POLICY);
    for (const ask of ['a.test:443', 'GET https://a.test/', 'POST http://127.0.0.1/']) {
      expect(decide(policy, askFor(ask))).toMatchObject({
        allow: false,
        reason: 'not_in_allowlist',
      });
    }
  });
});
