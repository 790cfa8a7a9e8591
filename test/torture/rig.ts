// What the checks under load share: waiting for so much load to pass, the workers by number, and the
// ports that a restart takes over from the start before it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStatus, type Status } from '../../src/shared/status.ts';
import { freePorts } from '../support/free-port.ts';
import { type Load, startLoad } from '../support/load.ts';
import type { LoadOrigin } from '../support/load-origin.ts';
import type { Leash } from '../support/start-leash.ts';
import { waitFor } from '../support/wait-for.ts';
import { scaled, within } from './scale.ts';

/** Environment of a leash that is started again and again for the same clients. */
export async function samePorts(): Promise<Record<string, string>> {
  const [proxy, viewer] = await freePorts(2);
  return { LEASH_PROXY_PORT: String(proxy), PORT: String(viewer) };
}

/** Waits until so many more answers of the origin have arrived. */
export function moreServed(load: Load, count: number, timeoutMs = 20_000): Promise<true> {
  const until = load.served() + count;
  const what = `${count} more answers`;
  return waitFor(() => load.served() >= until, { what, timeoutMs, everyMs: 5 });
}

/** The load under which processes are killed: a quarter of it through tunnels. */
export function startKillLoad({ proxyPort }: Leash, { url: origin }: LoadOrigin): Load {
  return startLoad({
    proxyPort,
    origin,
    connections: scaled(100, 200),
    perSecond: scaled(300, 500),
    bodyBytes: 500,
    tunnelEvery: 4,
  });
}

/** Waits until more than `served` answers of the origin have arrived; how long that is after `sinceMs`. */
export async function forwardingAgain(
  load: Load,
  served: number,
  sinceMs: number,
): Promise<number> {
  await waitFor(() => load.served() > served, {
    what: 'forwarding to go on',
    timeoutMs: within(2_000),
    everyMs: 5,
  });
  return performance.now() - sinceMs;
}

/** What the primary says of itself; null while the file is not there. */
export async function readStatus(leash: Leash): Promise<Status | null> {
  const file = join(leash.stateDir, 'run', 'status.json');
  const status = parseStatus(await readFile(file, 'utf8').catch(() => ''));
  return 'problem' in status ? null : status;
}

/** Workers that accept connections. */
export async function listeningWorkers(leash: Leash) {
  return (await readStatus(leash))?.workers.filter(({ listening }) => listening) ?? [];
}

/** Of these numbers, the one below which a share of them lies; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
