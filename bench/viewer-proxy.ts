// What searches do to the proxy beside them: the same load on leash with and without a viewer that is
// asked all the time, turn by turn.

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { keepAlive } from './http/keep-alive.ts';
import { PAGES } from './http/pages.ts';
import { startOrigin } from './origin.ts';
import { leash } from './programs/leash.ts';
import { spreadOf } from './statistics.ts';
import { startViewerProcess, type ViewerProcess } from './viewer-process.ts';

const ROUNDS = 3;
const OPTIONS = { seconds: 5, connections: 8 };
const LOAD = keepAlive({ name: 'http', what: '', page: PAGES.small, isPlain: true });
/** What cannot be answered from columns, and what reads all of them. */
const ASKS = ['/api/logs?q=body:token', '/api/logs?q=ab', '/api/facets', '/api/histogram?q=text'];

/** Exit code: 0 measured. */
export async function measureProxy(logDir: string, dir: string, port: number): Promise<number> {
  const viewer = await startViewerProcess(logDir, dir, port);
  const origin = await startOrigin(await mkdtemp(join(dir, 'origin-')));
  const folder = await mkdtemp(join(dir, 'leash-'));
  const proxy = await leash('leash', '', {}).start({ origin, dir: folder, buffering: true });
  try {
    const quiet: number[] = [];
    const busy: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const times of [quiet, busy]) {
        const searches = times === busy ? keepAsking(viewer) : null;
        const result = await LOAD.run({
          ...{ options: OPTIONS, origin, program: proxy, dir: folder },
          sent: () => {},
        });
        await searches?.stop();
        times.push(result.p50Ms ?? 0);
        const name = times === busy ? 'beside searches' : 'alone';
        process.stdout.write(
          `${name}: p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, ${result.requestsPerSecond} req/s\n`,
        );
      }
    }
    const ratio = (spreadOf(busy)?.median ?? 0) / (spreadOf(quiet)?.median ?? 1);
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
