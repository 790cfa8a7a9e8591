// One run of a fleet, through a proxy or straight to the origin: starts its processes, looks at the
// proxy's CPU and memory at both ends of the time that is measured, adds up what the agents saw.

import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../openloop/clock.ts';
import { Distribution, type Numbers } from '../openloop/distribution.ts';
import { startChild } from '../openloop/run-generator.ts';
import { askOrigin } from '../openloop/start-stream-origin.ts';
import type { Target } from '../openloop/tunnel.ts';
import { cpuSeconds } from '../processes.ts';
import { treeMemory } from '../tree-memory.ts';
import type { AgentsParameters, AgentsResult } from './agents.ts';
import type { Window } from './log-figures.ts';
import type { FleetOptions } from './options.ts';

export type FleetRun = { readonly numbers: Numbers; readonly window: Window };

/** For the processes to start. */
const START_MS = 5000;
/** After all have come. */
const SETTLE_MS = 2000;
/** Handshakes and prompts of those that come, at a pace that leaves the machine free. */
const COMING_A_SECOND = 80;
const LEAST_RAMP_MS = 2000;
const AGENTS_A_PROCESS = 500;
const END_AGAIN_MS = 500;

/** `pid`: the proxy's; null: there is none. */
export async function runFleet(
  target: Target,
  { agents, seconds }: FleetOptions,
  pid: number | null,
): Promise<FleetRun> {
  const rampMs = Math.max(LEAST_RAMP_MS, (agents / COMING_A_SECOND) * 1000);
  const endMs = rampMs + SETTLE_MS + seconds * 1000;
  const startMs = nowMs() + START_MS;
  const [fromMs, toMs] = [startMs + rampMs + SETTLE_MS, startMs + endMs];
  const of = Math.ceil(agents / AGENTS_A_PROCESS);
  const common = { target, plan: { agents, rampMs, endMs, seed: 1 }, of, startMs, fromMs, toMs };
  const restMemory = pid === null ? 0 : treeMemory(pid);
  const processes = Array.from({ length: of }, (_, share) => {
    const parameters: AgentsParameters = { ...common, share };
    return startChild('../fleet/agents.ts', parameters);
  });
  try {
    const lines = Promise.all(processes.map((process) => process.firstLine()));
    // Where one fails before the end, the wait below is over at once.
    const failed = lines.then(() => {});
    await Promise.race([pause(fromMs - nowMs()), failed]);
    const from = Date.now() / 1000;
    const cpuBefore = pid === null ? 0 : cpuSeconds(pid);
    await Promise.race([pause(Math.max(0, toMs - nowMs())), failed]);
    const to = Date.now() / 1000;
    const cpu = pid === null ? 0 : cpuSeconds(pid) - cpuBefore;
    const memory = pid === null ? 0 : treeMemory(pid);
    const { eventsSent, latenessP99Ms } = await endStreams(target.originPort, lines);
    const results = (await lines).map((line): AgentsResult => JSON.parse(line));
    const numbers = addUp(results);
    return {
      window: { from, to },
      numbers: {
        ...numbers,
        lost: eventsSent - (numbers.eventsReceived ?? 0),
        originLatenessP99Ms: latenessP99Ms,
        cpuCores: cpu / (to - from),
        cpuMicrosPerEvent: (cpu * 1e6) / Math.max(1, numbers.events ?? 0),
        restMemoryMb: restMemory / 1e6,
        memoryMb: memory / 1e6,
      },
    };
  } finally {
    await Promise.all(processes.map((process) => process.stop()));
  }
}

/** Also a prompt that is late has its answer ended: it would hear its tokens for 20 seconds. */
async function endStreams(originPort: number, agentsEnd: Promise<unknown>) {
  let isOver = false;
  const over = agentsEnd.finally(() => {
    isOver = true;
  });
  const first = await askOrigin(originPort, '/end');
  let eventsSent = first.events ?? 0;
  while (!isOver) {
    await Promise.race([pause(END_AGAIN_MS), over]);
    eventsSent += (await askOrigin(originPort, '/end')).events ?? 0;
  }
  return { eventsSent, latenessP99Ms: first.latenessP99Ms ?? 0 };
}

/** What all processes saw, as that of one. */
export function addUp(results: readonly AgentsResult[]): Numbers {
  const numbers: Numbers = {};
  for (const { counts, problem } of results) {
    if (problem !== null) process.stderr.write(`bench: agents: ${problem}\n`);
    for (const [name, count] of Object.entries(counts)) {
      numbers[name] = (numbers[name] ?? 0) + count;
    }
  }
  for (const name of ['event', 'firstEvent', 'get', 'lateness'] as const) {
    const all = new Distribution();
    for (const { times } of results) all.merge(times[name]);
    numbers[`${name}P50Ms`] = all.atMs(50);
    numbers[`${name}P99Ms`] = all.atMs(99);
    numbers[`${name}MaxMs`] = all.maxMs;
  }
  return numbers;
}
