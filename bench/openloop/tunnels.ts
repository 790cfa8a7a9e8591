// What a new tunnel costs and how long it takes, with its one request, at a rate that the load keeps.

import { comparison } from './comparison.ts';
import type { Numbers } from './distribution.ts';
import { directOf } from './latency.ts';
import { runGenerator } from './run-generator.ts';
import type { Target } from './tunnel.ts';

export type TunnelsOptions = {
  readonly target: Target;
  /** What the origin answers to `/`. */
  readonly body: string;
  /** Tunnels a second. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly seed?: number;
  /** Whose CPU is counted; null: nobody's. */
  readonly pid?: number | null;
};

const MAX_TUNNELS = 1000;
const WARM_UP_TUNNELS = 400;
const ANSWER_MS = 10_000;

/**
 * `p50Ms` … `maxMs` from when a tunnel was due to its answer, `openP50Ms` and `openP99Ms` to the end of
 * its handshake, `cpuMicrosPerTunnel`, `failures`, `sent`. Every handshake is a whole one.
 */
export async function measureTunnels(options: TunnelsOptions): Promise<Numbers> {
  const { target, body, perSecond, seconds, seed = 1, pid = null } = options;
  return runGenerator({
    kind: 'tunnels',
    target,
    path: '/',
    body,
    schedule: { kind: 'poisson', perSecond, seconds, seed },
    warmUpTunnels: WARM_UP_TUNNELS,
    maxTunnels: MAX_TUNNELS,
    answerMs: ANSWER_MS,
    pid,
  });
}

/** The same straight to the origin before; `direct…` and `added…` beside. */
export async function measureAddedTunnels(options: TunnelsOptions): Promise<Numbers> {
  const direct = await measureTunnels({ ...options, target: directOf(options.target), pid: null });
  const proxied = await measureTunnels(options);
  return { ...proxied, ...comparison(direct, proxied) };
}
