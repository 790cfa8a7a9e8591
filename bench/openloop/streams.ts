// Token streams: many at once, 20 events a second each.

import { comparison } from './comparison.ts';
import type { Numbers } from './distribution.ts';
import { directOf } from './latency.ts';
import { runGenerator } from './run-generator.ts';
import type { Target } from './tunnel.ts';

export type StreamsOptions = {
  /** Its origin is what startStreamOrigin() started. */
  readonly target: Target;
  readonly streams?: number;
  readonly seconds: number;
  /** Whose CPU and memory are counted; null: nobody's. */
  readonly pid?: number | null;
};

const STREAMS = 500;
const STREAMS_PER_CLIENT = 10;
/** For some seconds 500 handshakes and code that is not compiled yet are most of what is seen. */
const LEAST_WARM_UP_S = 3;

/** Seconds before the measurement: the longer it takes, the less of the start is wanted in it. */
export function streamsWarmUp(seconds: number): number {
  return Math.max(LEAST_WARM_UP_S, seconds * 0.8);
}

/**
 * `p50Ms` … `maxMs` of an event from when it was due at the origin, `cpuMicrosPerEvent`, `kbPerStream`,
 * `failures` (streams), `lost` (events); `sent`, `eventsSent`, `bytesSent` for a log to agree with.
 */
export async function measureStreams(options: StreamsOptions): Promise<Numbers> {
  const { target, streams = STREAMS, seconds, pid = null } = options;
  return runGenerator({
    kind: 'streams',
    target,
    streams,
    streamsPerClient: STREAMS_PER_CLIENT,
    warmUpSeconds: streamsWarmUp(seconds),
    seconds,
    pid,
  });
}

/** The same straight to the origin before; `direct…` and `added…` beside. */
export async function measureAddedStreams(options: StreamsOptions): Promise<Numbers> {
  const direct = await measureStreams({ ...options, target: directOf(options.target), pid: null });
  const proxied = await measureStreams(options);
  return { ...proxied, ...comparison(direct, proxied) };
}
