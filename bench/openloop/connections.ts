// What a request costs while many tunnels are open, each of which has its turn.

import type { Numbers } from './distribution.ts';
import { runGenerator } from './run-generator.ts';
import type { Target } from './tunnel.ts';

export type ConnectionsOptions = {
  readonly target: Target;
  /** What the origin answers to `/`. */
  readonly body: string;
  /** Open all the time. */
  readonly tunnels: number;
  /** Requests a second, the same gap between all of them. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly pid: number;
};

/**
 * However many tunnels there are, they are of so many clients, each within a proxy's limit for one: the
 * connections to the origin, which belong to clients, are as busy in all cases.
 */
const CLIENTS = 10;
const WARM_UP_S = 2;
const ANSWER_MS = 10_000;

/** `cpuMicrosPerRequest`, `p50Ms` … `maxMs`, `failures`, `sent`; each tunnel was asked once before. */
export async function measureConnections(options: ConnectionsOptions): Promise<Numbers> {
  const { target, body, tunnels, perSecond, seconds, pid } = options;
  return runGenerator({
    ...{ kind: 'requests', target, path: '/', body, pid },
    ...{ tunnels, maxTunnels: tunnels, clients: CLIENTS },
    ...{ warmUpSeconds: WARM_UP_S, answerMs: ANSWER_MS },
    schedule: { kind: 'fixed', perSecond, seconds, seed: 1 },
  });
}
