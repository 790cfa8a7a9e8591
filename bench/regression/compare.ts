// leash and a floor of the machine under the same load, a second each, in turn: CPU per request, whose
// ratio is the same on a busy machine and nearly the same on another one.

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cleanup, undo } from '../cleanup.ts';
import type { Load } from '../http/closed-loop.ts';
import { openKeepAlive } from '../http/keep-alive.ts';
import { PAGES } from '../http/pages.ts';
import { type Origin, startOrigin } from '../origin.ts';
import { cpuSeconds } from '../processes.ts';
import { leash } from '../programs/leash.ts';
import type { Program } from '../programs/program.ts';

export type Comparison = {
  /** leash's CPU per request by the floor's, of each round. */
  ratios(rounds: number): Promise<readonly number[]>;
  close(): Promise<void>;
};

type Side = { readonly pid: number; readonly load: Load; perSecond: number };

/**
 * Whatever the caller's settings are. One worker is warm in half the time of two; no segment is finished,
 * and so none compressed, meanwhile.
 */
const LEASH = leash('leash', '', {
  ...{ LEASH_WORKERS: '1', LEASH_AUDIT: 'accepted', LEASH_CAPTURE: 'text' },
  ...{ LEASH_ROTATE_MB: '4096', BODY_LIMIT_KB: '1024' },
});
const CONNECTIONS = 32;
const ROUND_S = 1;
/** V8 compiles what has run often, so what counts is requests; the time is a bound. */
const WARM_UP_REQUESTS = 20_000;
const MAX_WARM_UP_MS = 8_000;

/** Starts both and warms them up; all files are below `folder`. */
export async function startComparison(floor: Program, folder: string): Promise<Comparison> {
  const cleanup: Cleanup = [];
  const close = () => undo(cleanup);
  try {
    const origin = await startOrigin(await mkdtemp(join(folder, 'origin-')));
    cleanup.push(origin.stop);
    const own = await startSide(LEASH, { origin, folder, cleanup });
    const other = await startSide(floor, { origin, folder, cleanup });
    const ratios = async (rounds: number) => {
      const found: number[] = [];
      while (found.length < rounds) {
        const cost = await cpuPerRequest(own);
        found.push(cost / (await cpuPerRequest(other)));
      }
      return found;
    };
    return { ratios, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Place = { readonly origin: Origin; readonly folder: string; readonly cleanup: Cleanup };

async function startSide(program: Program, { origin, folder, cleanup }: Place): Promise<Side> {
  const dir = await mkdtemp(join(folder, `${program.name}-`));
  const running = await program.start({ origin, dir, buffering: true });
  if (running === null) throw new Error(`Cannot measure ${program.name}: it is no process`);
  cleanup.push(running.stop);
  const { pid } = running;
  const options = { connections: CONNECTIONS };
  const { load, close } = await openKeepAlive(
    { options, origin, program: running, dir },
    PAGES.small,
  );
  cleanup.push(close);
  const side: Side = { pid, load, perSecond: 0 };
  const endMs = performance.now() + MAX_WARM_UP_MS;
  for (let asked = 0; asked < WARM_UP_REQUESTS && performance.now() < endMs; ) {
    const amount = amountFor(side);
    const { elapsedMs } = await load(amount);
    side.perSecond = (amount / elapsedMs) * 1000;
    asked += amount;
  }
  return side;
}

async function cpuPerRequest(side: Side): Promise<number> {
  const amount = amountFor(side);
  const before = cpuSeconds(side.pid);
  const { elapsedMs } = await side.load(amount);
  side.perSecond = (amount / elapsedMs) * 1000;
  return (cpuSeconds(side.pid) - before) / amount;
}

/** A number of requests, not a time: all of them are answered when it is read what they cost. */
function amountFor({ perSecond }: Side): number {
  return Math.max(CONNECTIONS, Math.round(perSecond * ROUND_S));
}
