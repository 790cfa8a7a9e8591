// Requests at the times of a schedule over keep-alive tunnels. First as many as go, one after the other
// in each of a few loops: what is measured has to be compiled, and the speed of that is the peak rate.

import { cpuSeconds } from '../processes.ts';
import { clientAddress } from './addresses.ts';
import { nowMs } from './clock.ts';
import { Distribution, type Numbers } from './distribution.ts';
import { type Asked, Outcomes } from './outcomes.ts';
import { pace } from './pacer.ts';
import { arrivalTimes, type Schedule } from './schedule.ts';
import type { Target, Tunnel } from './tunnel.ts';
import { TunnelPool } from './tunnel-pool.ts';

export type RequestsParameters = {
  readonly kind: 'requests';
  readonly target: Target;
  readonly path: string;
  /** The answer, byte for byte. */
  readonly body: string;
  /** Open before the load begins. */
  readonly tunnels: number;
  /** Open at most, when all are busy. */
  readonly maxTunnels: number;
  /** So many source addresses take turns in opening them; absent: as the kernel chooses. */
  readonly clients?: number;
  readonly warmUpSeconds: number;
  /** Null: the peak rate is all that is asked for. */
  readonly schedule: Schedule | null;
  /** How long after the last request an answer counts; later, it has failed. */
  readonly answerMs: number;
  /** Whose CPU is counted, with all below it. */
  readonly pid: number | null;
};

/** Of the closed loop, where there are as many tunnels. */
const LOOPS = 16;
/** Between the two loads, so that none of the first is under way in the second. */
const PAUSE_MS = 300;

export async function generateRequests(parameters: RequestsParameters): Promise<Numbers> {
  const { target, path, body, tunnels, maxTunnels, clients, warmUpSeconds, schedule } = parameters;
  const request = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${target.host}:${target.originPort}\r\n\r\n`,
  );
  const expected = Buffer.from(body);
  const addresses = Array.from({ length: clients ?? 0 }, (_, n) => clientAddress(n));
  const pool = new TunnelPool({ target, max: maxTunnels, addresses });
  const outcomes = new Outcomes(expected);
  let sent = 0;
  const ask = (fromMs: number, then: () => void, asked: Asked = pool) => {
    sent += 1;
    outcomes.ask(asked, request, fromMs, then);
  };
  // One that waits for its turn in silence would be taken for a client that never asks.
  const first = (tunnel: Tunnel) => new Promise<void>((resolve) => ask(nowMs(), resolve, tunnel));
  try {
    await pool.open(tunnels, first);
    const peak = await warmUp(ask, tunnels, warmUpSeconds);
    outcomes.mustBeGood();
    if (schedule === null) return { ...peak, sent };
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const lateness = new Distribution();
    outcomes.begin();
    const openedBefore = pool.opened;
    const { pid, answerMs } = parameters;
    const cpuBefore = pid === null ? 0 : cpuSeconds(pid);
    const times = arrivalTimes(schedule);
    await pace(times, (scheduledMs) => {
      lateness.add(nowMs() - scheduledMs);
      ask(scheduledMs, () => {});
    });
    await outcomes.settled(times.length, answerMs);
    const cpu = pid === null ? 0 : cpuSeconds(pid) - cpuBefore;
    return {
      ...outcomes.numbers(times.length),
      unsent: pool.waiting,
      latenessP50Ms: lateness.atMs(50),
      latenessP99Ms: lateness.atMs(99),
      latenessMaxMs: lateness.maxMs,
      tunnelsOpened: pool.opened - openedBefore,
      cpuMicrosPerRequest: (cpu * 1e6) / times.length,
      ...peak,
      sent,
    };
  } finally {
    pool.close();
  }
}

/** A closed loop; what the later half of it was like. */
async function warmUp(
  ask: (fromMs: number, then: () => void) => void,
  tunnels: number,
  seconds: number,
): Promise<Numbers> {
  const startMs = nowMs();
  const halfMs = startMs + seconds * 500;
  const endMs = startMs + seconds * 1000;
  const times = new Distribution();
  const loop = (resolve: () => void) => {
    const askedMs = nowMs();
    if (askedMs >= endMs) return resolve();
    ask(askedMs, () => {
      if (askedMs >= halfMs) times.add(nowMs() - askedMs);
      loop(resolve);
    });
  };
  const loops = Math.min(LOOPS, tunnels);
  await Promise.all(Array.from({ length: loops }, () => new Promise<void>(loop)));
  return {
    peakPerSecond: times.count / ((nowMs() - halfMs) / 1000),
    peakP50Ms: times.atMs(50),
    peakP99Ms: times.atMs(99),
  };
}
