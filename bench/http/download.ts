// One large answer over one connection: how fast it comes, and how much memory it takes on the way.

import { metered } from '../meter.ts';
import { ORIGIN_HOST, startOrigin } from '../origin.ts';
import type { Context, Measurement, Scenario } from '../scenario.ts';
import { SEE_1K } from '../unfit.ts';
import { get, openTls, wayThrough } from './client.ts';
import { DOWNLOADS } from './pages.ts';

const MB = 1e6;

export const download: Scenario = {
  name: 'download',
  what: '1 GB, one stream',
  columns: [
    { metric: 'mbPerSecond', title: 'MB/s', digits: 0 },
    { metric: 'cpuSecondsPerGb', title: 'CPU s/GB', digits: 2 },
    { metric: 'rssGrowthMb', title: 'RSS grew by MB', digits: 0 },
    { metric: 'peakRssMb', title: 'peak RSS MB', digits: 0 },
    { metric: 'pssMb', title: 'PSS MB', digits: 0 },
  ],
  compared: 'mbPerSecond',
  buffering: true,
  unfit: { ...SEE_1K, mitmdump: 'keeps a whole body in memory' },
  turnSeconds: () => 8,
  startOrigin,
  async run(context) {
    await fetchFile(context, DOWNLOADS.warmUp);
    const { program } = context;
    if (program === null) return speed(await fetchFile(context, DOWNLOADS.whole));
    const load = () => fetchFile(context, DOWNLOADS.whole);
    const { result, cost } = await metered(program.pid, load);
    const { cpuSeconds, rssGrowthMb, peakRssMb, pssMb } = cost;
    const cpuSecondsPerGb = (cpuSeconds * 1e9) / DOWNLOADS.whole.bytes;
    return { ...speed(result), cpuSecondsPerGb, rssGrowthMb, peakRssMb, pssMb };
  },
};

function speed(elapsedMs: number): Measurement {
  return { mbPerSecond: DOWNLOADS.whole.bytes / MB / (elapsedMs / 1000) };
}

/** Milliseconds that it took. */
async function fetchFile(
  { program, origin, sent }: Context,
  { path, bytes }: (typeof DOWNLOADS)[keyof typeof DOWNLOADS],
): Promise<number> {
  sent({ requests: 1, requestBytes: 0, answerBytes: bytes });
  let received = 0;
  const tls = await openTls(wayThrough(program, origin));
  const startedAt = performance.now();
  await get(tls, path, `${ORIGIN_HOST}:${origin.httpsPort}`, (piece) => {
    received += piece.length;
  });
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes came`);
  return performance.now() - startedAt;
}
