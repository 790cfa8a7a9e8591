// What searches do to the proxy beside them: the same load on leash with and without a viewer that is
// asked all the time, turn by turn.

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { measure } from './load.ts';
import { startOrigin } from './origin.ts';
import { PEERS } from './proxies.ts';
import { startViewerProcess, type ViewerProcess } from './viewer-process.ts';

const ROUNDS = 3;
const LOAD = { seconds: 5, connections: 8 };
/** What cannot be answered from columns, and what reads all of them. */
const ASKS = ['/api/logs?q=body:token', '/api/logs?q=ab', '/api/facets', '/api/histogram?q=text'];

/** Exit code: 0 measured. */
export async function measureProxy(logDir: string, dir: string, port: number): Promise<number> {
  const viewer = await startViewerProcess(logDir, dir, port);
  const origin = await startOrigin(await mkdtemp(join(dir, 'origin-')));
  const folder = await mkdtemp(join(dir, 'leash-'));
  const proxy = await PEERS.leash.start({ origin, dir: folder });
  try {
    const quiet: number[] = [];
    const busy: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const times of [quiet, busy]) {
        const searches = times === busy ? keepAsking(viewer) : null;
        const context = { scenario: 'http', origin, proxy, dir: folder } as const;
        const result = await measure(context, LOAD, () => {});
        await searches?.stop();
        times.push(result.p50Ms);
        const name = times === busy ? 'beside searches' : 'alone';
        process.stdout.write(
          `${name}: p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, ${result.requestsPerSecond} req/s\n`,
        );
      }
    }
    const ratio = median(busy) / median(quiet);
    process.stdout.write(`${JSON.stringify({ quiet, busy, ratio })}\n`);
    return 0;
  } finally {
    await proxy?.stop();
    await origin.stop();
    await viewer.stop();
  }
}

function keepAsking(viewer: ViewerProcess): { stop(): Promise<void> } {
  let isOver = false;
  const asking = (async () => {
    for (let n = 0; !isOver; n += 1) await viewer.get(ASKS[n % ASKS.length] ?? '');
  })();
  return {
    stop() {
      isOver = true;
      return asking;
    },
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}
