// What an open tunnel takes of a proxy's memory while nothing happens in it.

import type { Numbers } from './distribution.ts';
import { runGenerator } from './run-generator.ts';
import type { Target } from './tunnel.ts';

export type IdleOptions = {
  readonly target: Target;
  readonly pid: number;
  readonly tunnels?: number;
  /** One request before it idles, as a keep-alive connection of an agent has had. */
  readonly asksOnce?: boolean;
};

/** Node raises its own limit of open files to the hard one; 20,000 is a common one. */
const TUNNELS = 10_000;
const TUNNELS_PER_CLIENT = 100;
const WARM_UP_TUNNELS = 300;
/** Longer than leash and nginx's default keep a connection to an origin that nobody uses. */
const SETTLE_S = 6;

/**
 * `kbPerTunnel` of the whole process tree, `memoryBeforeMb`, `memoryAfterMb`, `failures`, `sent`. Opening
 * ten thousand takes half a minute and more: a proxy must not close the first ones meanwhile (LEASH_IDLE_S).
 */
export async function measureIdle(options: IdleOptions): Promise<Numbers> {
  const { target, pid, tunnels = TUNNELS, asksOnce = true } = options;
  return runGenerator({
    kind: 'idle',
    target,
    path: '/',
    tunnels,
    tunnelsPerClient: TUNNELS_PER_CLIENT,
    asksOnce,
    warmUpTunnels: Math.min(WARM_UP_TUNNELS, tunnels),
    settleSeconds: SETTLE_S,
    pid,
  });
}
