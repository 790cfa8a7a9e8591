// npm run bench -- decide: what one decision costs among ten rules and among ten thousand.

import { performance } from 'node:perf_hooks';
import { decide } from '../src/shared/policy.ts';
import { good } from '../test/support/good.ts';
import { askFor, policyOf, ruleFor } from '../test/support/policy-ask.ts';

const DECISIONS = 200_000;

/** Exit code: 0 measured. */
export function main(): number {
  for (const count of [10, 100, 1_000, 10_000, 100_000]) {
    process.stdout.write(`${JSON.stringify({ rules: count, ns: costOfDecision(count) })}\n`);
  }
  return 0;
}

/** Nanoseconds of a decision, the median of nine rounds: hits, misses, subdomains, paths. */
export function costOfDecision(rules: number): number {
  const allow = Array.from({ length: rules }, (_, n) =>
    ruleFor(
      `host-${n}.example.test`,
      n % 4 === 0 ? { paths: [{ method: 'GET', prefix: '/v1/' }] } : {},
    ),
  );
  const policy = policyOf({ mode: 'enforce', allow });
  const asks = [0, 1, 2, 3, rules - 1, rules + 1].map((n) =>
    good(askFor(`GET https://a.b.host-${n}.example.test/v1/things?x=1`)),
  );
  const rounds = Array.from({ length: 9 }, () => {
    const startMs = performance.now();
    for (let n = 0; n < DECISIONS; n += 1) {
      const ask = asks[n % asks.length];
      if (ask !== undefined) decide(policy, ask);
    }
    return ((performance.now() - startMs) * 1e6) / DECISIONS;
  });
  return Math.round(rounds.sort((a, b) => a - b)[4] ?? 0);
}
