// New tunnels at the times of a schedule: CONNECT, a whole TLS handshake, one request, closed.

import { cpuSeconds } from '../processes.ts';
import { nowMs } from './clock.ts';
import { Distribution, type Numbers } from './distribution.ts';
import { Outcomes } from './outcomes.ts';
import { pace } from './pacer.ts';
import { arrivalTimes, type Schedule } from './schedule.ts';
import { openTunnel, type Target } from './tunnel.ts';

export type TunnelsParameters = {
  readonly kind: 'tunnels';
  readonly target: Target;
  readonly path: string;
  readonly body: string;
  readonly schedule: Schedule;
  readonly warmUpTunnels: number;
  /** Open at once, at most; the others wait, and their clocks run. */
  readonly maxTunnels: number;
  readonly answerMs: number;
  readonly pid: number | null;
};

const WARM_UP_AT_ONCE = 8;
const PAUSE_MS = 300;

export async function generateTunnels(parameters: TunnelsParameters): Promise<Numbers> {
  const { target, path, body, schedule, maxTunnels, answerMs, pid } = parameters;
  const authority = `${target.host}:${target.originPort}`;
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const outcomes = new Outcomes(Buffer.from(body));
  let opening = new Distribution();
  const waiting: number[] = [];
  let running = 0;

  const one = async (fromMs: number) => {
    const tunnel = await openTunnel({ target });
    if ('problem' in tunnel) return outcomes.add(tunnel, fromMs, false);
    opening.add(nowMs() - fromMs);
    await new Promise<void>((resolve) => outcomes.ask(tunnel, request, fromMs, resolve));
    tunnel.close();
  };
  const next = async () => {
    running += 1;
    for (let due = waiting.shift(); due !== undefined; due = waiting.shift()) await one(due);
    running -= 1;
  };

  let left = parameters.warmUpTunnels;
  const warmUp = async () => {
    while (left > 0) {
      left -= 1;
      await one(nowMs());
    }
  };
  await Promise.all(Array.from({ length: WARM_UP_AT_ONCE }, warmUp));
  outcomes.mustBeGood();
  const warmedUp = outcomes.count;
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  outcomes.begin();
  opening = new Distribution();
  const lateness = new Distribution();
  const cpuBefore = pid === null ? 0 : cpuSeconds(pid);
  const times = arrivalTimes(schedule);
  await pace(times, (scheduledMs) => {
    lateness.add(nowMs() - scheduledMs);
    waiting.push(scheduledMs);
    if (running < maxTunnels) void next();
  });
  await outcomes.settled(times.length, answerMs);
  const cpu = pid === null ? 0 : cpuSeconds(pid) - cpuBefore;
  return {
    ...outcomes.numbers(times.length),
    unsent: waiting.length,
    openP50Ms: opening.atMs(50),
    openP99Ms: opening.atMs(99),
    latenessP50Ms: lateness.atMs(50),
    latenessP99Ms: lateness.atMs(99),
    latenessMaxMs: lateness.maxMs,
    cpuMicrosPerTunnel: (cpu * 1e6) / times.length,
    sent: warmedUp + times.length - waiting.length,
  };
}
