// What leash has to reach, as a table, and what the rounds say of it. Pure.

import type { Result } from './result.ts';
import { ratiosOf, type Spread, spreadOf, valuesOf } from './statistics.ts';

export type Target = {
  readonly scenario: string;
  readonly metric: string;
  /** leash's number is divided by this program's of the same round; null: it stands for itself. */
  readonly against: string | null;
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
};

export type Verdict = Spread & { readonly target: Target; readonly isMet: boolean };

const CPU = { metric: 'cpuMicrosPerRequest', bound: 'at most' } as const;
const EVENT = { metric: 'cpuMicrosPerEvent', bound: 'at most' } as const;
const OWN = { against: null, bound: 'at most' } as const;

export const TARGETS: readonly Target[] = [
  { scenario: '1k', ...CPU, against: 'squid', limit: 1 },
  { scenario: '1k', ...CPU, against: 'nginx', limit: 3 },
  { scenario: '1k', ...CPU, against: 'mitmdump', limit: 1 / 20 },
  { scenario: '1k', ...CPU, against: 'leash-relaxed', limit: 1.15 },
  { scenario: '1k', metric: 'rootShare', against: null, bound: 'at most', limit: 0.15 },
  { scenario: '1k-new', ...CPU, against: 'squid', limit: 1 / 6 },
  { scenario: '1k-new', ...CPU, against: 'nginx', limit: 2 },
  { scenario: '100k', ...CPU, against: 'squid', limit: 1 },
  { scenario: '100k', ...CPU, against: 'nginx', limit: 2.5 },
  { scenario: '8k-post', ...CPU, against: 'nginx', limit: 3 },
  { scenario: 'download', metric: 'mbPerSecond', against: 'nginx', bound: 'at least', limit: 0.8 },
  { scenario: 'download', metric: 'rssGrowthMb', against: null, bound: 'at most', limit: 64 },
  { scenario: 'latency', ...OWN, metric: 'addedP50Ms', limit: 0.5 },
  { scenario: 'latency', ...OWN, metric: 'addedP99Ms', limit: 3 },
  { scenario: 'streams', ...EVENT, against: 'nginx', limit: 2 },
  { scenario: 'streams', ...EVENT, against: 'squid', limit: 1 },
  { scenario: 'streams', ...OWN, metric: 'addedP99Ms', limit: 10 },
  { scenario: 'streams', ...OWN, metric: 'kbPerStream', limit: 150 },
  { scenario: 'idle', ...OWN, metric: 'kbPerTunnel', limit: 70 },
  { scenario: 'workers', ...CPU, against: 'leash-1', limit: 1.1 },
  { scenario: 'workers', ...CPU, against: 'leash-2', limit: 1.1 },
  { scenario: 'workers', ...OWN, metric: 'rootShare', limit: 0.15 },
  { scenario: 'connections', ...OWN, metric: 'ratio100', limit: 1.1 },
  { scenario: 'connections', ...OWN, metric: 'ratio1000', limit: 1.1 },
  { scenario: 'connections', ...OWN, metric: 'ratio10000', limit: 1.1 },
  { scenario: 'grown', ...CPU, against: 'leash-fresh', limit: 1.1 },
  {
    scenario: 'grown',
    metric: 'firstPageMs',
    bound: 'at most',
    against: 'leash-fresh',
    limit: 1.1,
  },
];

/** Those targets for which there are numbers; whether one is met, the median says. */
export function judgeTargets(
  targets: readonly Target[],
  results: readonly Result[],
): readonly Verdict[] {
  return targets.flatMap((target) => {
    const rounds = roundsOf(results, target.scenario, 'leash');
    const base =
      target.against === null ? null : roundsOf(results, target.scenario, target.against);
    const { metric, bound, limit } = target;
    const spread = spreadOf(
      base === null ? valuesOf(rounds, metric) : ratiosOf(rounds, base, metric),
    );
    if (spread === null) return [];
    const isMet = bound === 'at most' ? spread.median <= limit : spread.median >= limit;
    return [{ ...spread, target, isMet }];
  });
}

/** Empty where nothing was measured. */
function roundsOf(results: readonly Result[], scenario: string, program: string) {
  const found = results.find((one) => one.scenario === scenario && one.program === program);
  return found !== undefined && 'rounds' in found.outcome ? found.outcome.rounds : [];
}
