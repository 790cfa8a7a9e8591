// What a program costs while a load runs: CPU and memory of its whole process tree, from /proc.

import { readFileSync } from 'node:fs';
import { cpuSeconds, mainCpuSeconds, ownCpuSeconds, processTree } from './processes.ts';
import type { Measurement } from './scenario.ts';
import { treeMemory } from './tree-memory.ts';

/** Cheap to read, so often that a peak shows. */
const SAMPLE_MS = 50;
const PAGE_BYTES = 4096;
const MB = 1e6;
/** A program is idle where it takes less than this in each half second: two ticks of the kernel's clock. */
const IDLE_CPU_S = 0.02;
const IDLE_WINDOW_MS = 500;
const MAX_SETTLE_MS = 15_000;

/**
 * `cpuSeconds`; `rootShare`, the part of it that the first process took (leash's primary), and
 * `rootMainShare`, what of that its main thread took (leash compresses and checks in others);
 * `peakRssMb`, the highest sum of resident sizes; `rssGrowthMb`, by how much that was above the sum
 * before; `pssMb` at the end, pages that processes share counted once.
 */
export type Cost = {
  readonly cpuSeconds: number;
  readonly rootShare: number;
  readonly rootMainShare: number;
  readonly peakRssMb: number;
  readonly rssGrowthMb: number;
  readonly pssMb: number;
};

/** Runs a load and says what it cost the tree of `pid`. */
export async function metered<T>(
  pid: number,
  load: () => Promise<T>,
): Promise<{ readonly result: T; readonly cost: Cost }> {
  const pids = processTree(pid);
  const rss = () => pids.reduce((sum, one) => sum + residentBytes(one), 0);
  const before = {
    ...{ cpu: cpuSeconds(pid), own: ownCpuSeconds(pid) },
    ...{ main: mainCpuSeconds(pid), rss: rss() },
  };
  let peak = before.rss;
  const sampler = setInterval(() => {
    peak = Math.max(peak, rss());
  }, SAMPLE_MS);
  try {
    const result = await load();
    const spent = cpuSeconds(pid) - before.cpu;
    const shareOf = (seconds: number) => (spent === 0 ? 0 : seconds / spent);
    peak = Math.max(peak, rss());
    const cost = {
      cpuSeconds: spent,
      rootShare: shareOf(ownCpuSeconds(pid) - before.own),
      rootMainShare: shareOf(mainCpuSeconds(pid) - before.main),
      peakRssMb: peak / MB,
      rssGrowthMb: (peak - before.rss) / MB,
      pssMb: treeMemory(pid) / MB,
    };
    return { result, cost };
  } finally {
    clearInterval(sampler);
  }
}

/** What a request cost, and the memory meanwhile. */
export function costPerRequest(cost: Cost, requests: number): Measurement {
  const { cpuSeconds: seconds, rootShare, rootMainShare, peakRssMb, pssMb } = cost;
  const cpuMicrosPerRequest = (seconds * 1e6) / requests;
  return { cpuMicrosPerRequest, rootShare, rootMainShare, peakRssMb, pssMb };
}

/**
 * Waits until the program does nothing any more, so that its work of later is not in the way of the
 * next one, and gives the CPU seconds that it took: leash compresses what it has finished.
 */
export async function settle(pid: number): Promise<number> {
  const start = cpuSeconds(pid);
  const endMs = performance.now() + MAX_SETTLE_MS;
  for (let last = start; ; ) {
    await new Promise((done) => setTimeout(done, IDLE_WINDOW_MS));
    const now = cpuSeconds(pid);
    if (now - last <= IDLE_CPU_S || performance.now() > endMs) return now - start;
    last = now;
  }
}

function residentBytes(pid: number): number {
  return Number(readProc(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES;
}

/** Empty where the process has ended. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
