// What searches do to the proxy beside them: the same load on a leash with a grown log, while nobody
// looks and while its viewer is asked all the time, turn by turn. At a tenth and at a fifth of the peak
// rate, in an open loop; and saturated, in a closed one, where both cores are full before anybody looks.

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { endChildrenAtExit } from './children.ts';
import { measureLatency, measurePeak } from './openloop/latency.ts';
import type { Target } from './openloop/tunnel.ts';
import { ORIGIN_HOST, startOrigin } from './origin.ts';
import { linkLog } from './programs/begun-log.ts';
import { startBegun } from './programs/leash-begun.ts';

const ROUNDS = 5;
const SECONDS = 5;
/** What cannot be answered from columns, and what reads all of them. */
const ASKS = ['/api/logs?q=body:token', '/api/logs?q=ab', '/api/facets', '/api/histogram?q=text'];

type Times = { readonly p50Ms: number; readonly p99Ms: number; readonly failures: number };
type Load = {
  readonly name: string;
  run(): Promise<Times>;
  readonly alone: Times[];
  readonly beside: Times[];
};

/** The log in `logDir` stays as it is. Exit code: 0 measured. */
export async function measureProxy(logDir: string, dir: string): Promise<number> {
  endChildrenAtExit();
  const origin = await startOrigin(await mkdtemp(join(dir, 'origin-')));
  const folder = await mkdtemp(join(dir, 'leash-'));
  say('leash compresses and indexes the log first, which takes minutes\n');
  const options = { origin, dir: folder, buffering: true };
  const proxy = await startBegun(options, (to) => linkLog(logDir, to));
  const { viewerUrl = '' } = proxy;
  try {
    const originPort = origin.httpsPort;
    const target = { port: proxy.port, isReverse: false, originPort, host: ORIGIN_HOST };
    const { peakPerSecond = 0 } = await measurePeak(target, origin.body, SECONDS);
    say(`peak rate: ${Math.round(peakPerSecond)} requests a second\n`);
    const loads = loadsAt(peakPerSecond, target, origin.body);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const load of loads) await measureInTurn(load, viewerUrl);
    }
    for (const { name, alone, beside } of loads) {
      const ratios = { p50: ratio(alone, beside, 'p50Ms'), p99: ratio(alone, beside, 'p99Ms') };
      say(`${JSON.stringify({ load: name, ...ratios, alone, beside })}\n`);
    }
    return 0;
  } finally {
    await proxy.stop();
    await origin.stop();
  }
}

function loadsAt(peakPerSecond: number, target: Target, body: string): Load[] {
  const atRate = (share: number) => async () => {
    const options = { target, body, perSecond: peakPerSecond * share, seconds: SECONDS };
    const { p50Ms = 0, p99Ms = 0, failures = 0 } = await measureLatency(options);
    return { p50Ms, p99Ms, failures };
  };
  const saturated = async () => {
    const { peakP50Ms = 0, peakP99Ms = 0 } = await measurePeak(target, body, SECONDS);
    return { p50Ms: peakP50Ms, p99Ms: peakP99Ms, failures: 0 };
  };
  const load = (name: string, run: Load['run']) => ({ name, run, alone: [], beside: [] });
  return [
    load('a tenth of the peak rate', atRate(0.1)),
    load('a fifth of the peak rate', atRate(0.2)),
    load('saturated', saturated),
  ];
}

async function measureInTurn({ name, run, alone, beside }: Load, viewerUrl: string) {
  for (const times of [alone, beside]) {
    const searches = times === beside ? keepAsking(viewerUrl) : null;
    try {
      const found = await run();
      times.push(found);
      const where = times === beside ? 'beside searches' : 'alone';
      const { p50Ms, p99Ms, failures } = found;
      const failed = failures > 0 ? `, ${failures} without an answer` : '';
      say(`${name}, ${where}: p50 ${p50Ms} ms, p99 ${p99Ms} ms${failed}\n`);
    } finally {
      await searches?.stop();
    }
  }
}

function keepAsking(viewerUrl: string): { stop(): Promise<void> } {
  let isOver = false;
  const asking = (async () => {
    for (let n = 0; !isOver; n += 1) {
      const answer = await fetch(`${viewerUrl}${ASKS[n % ASKS.length]}`);
      if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
      await answer.arrayBuffer();
    }
  })();
  return {
    stop() {
      isOver = true;
      return asking;
    },
  };
}

/** Of the medians: how much longer it takes beside searches. */
function ratio(alone: readonly Times[], beside: readonly Times[], name: keyof Times): number {
  const [before, after] = [alone, beside].map((all) => median(all.map((times) => times[name])));
  return Number(((after ?? 0) / (before ?? 1)).toFixed(2));
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

function say(text: string): void {
  process.stdout.write(text);
}
