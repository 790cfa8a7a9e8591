// How long a request of 1 KB takes at a rate that is well below the peak: through a proxy and straight to
// the origin, in turn.

import { comparison } from './comparison.ts';
import type { Numbers } from './distribution.ts';
import { runGenerator } from './run-generator.ts';
import type { Schedule } from './schedule.ts';
import type { Target } from './tunnel.ts';

export type LatencyOptions = {
  readonly target: Target;
  /** What the origin answers to `/`. */
  readonly body: string;
  /** Requests a second. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly seed?: number;
  readonly schedule?: Schedule['kind'];
  /** Whose CPU is counted; null: nobody's. */
  readonly pid?: number | null;
};

const TUNNELS = 16;
const MAX_TUNNELS = 1000;
const WARM_UP_S = 2;
const ANSWER_MS = 10_000;

/**
 * As many answers a second as a closed loop over 16 tunnels gets: `peakPerSecond`, `peakP50Ms`,
 * `peakP99Ms`; `sent`: all requests that were made.
 */
export async function measurePeak(target: Target, body: string, seconds: number): Promise<Numbers> {
  const warmUpSeconds = seconds;
  return runGenerator({ ...common({ target, body }), warmUpSeconds, schedule: null, pid: null });
}

/**
 * `p50Ms` … `maxMs` from when each request was due, `failures`, `latenessP99Ms` of the generator,
 * `sent` (warm-up and all: what a log has to agree with).
 */
export async function measureLatency(options: LatencyOptions): Promise<Numbers> {
  const { target, body, perSecond, seconds, seed = 1, schedule = 'poisson', pid = null } = options;
  return runGenerator({
    ...common({ target, body }),
    warmUpSeconds: WARM_UP_S,
    schedule: { kind: schedule, perSecond, seconds, seed },
    pid,
  });
}

/** Straight to the origin of a target. */
export function directOf({ originPort, host }: Target): Target {
  return { port: originPort, isReverse: true, originPort, host };
}

/** Both ways, in turn: the proxy's numbers, the origin's as `direct…`, the difference as `added…`. */
export async function measureAddedLatency(options: LatencyOptions): Promise<Numbers> {
  const direct = await measureLatency({ ...options, target: directOf(options.target), pid: null });
  const proxied = await measureLatency(options);
  return { ...proxied, ...comparison(direct, proxied) };
}

function common({ target, body }: Pick<LatencyOptions, 'target' | 'body'>) {
  return {
    kind: 'requests',
    target,
    path: '/',
    body,
    tunnels: TUNNELS,
    maxTunnels: MAX_TUNNELS,
    answerMs: ANSWER_MS,
  } as const;
}
