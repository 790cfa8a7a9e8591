// What a request costs, and how soon the viewer's first page is there, with a log that has grown.

import { keepAlive } from '../http/keep-alive.ts';
import { PAGES } from '../http/pages.ts';
import { settle } from '../meter.ts';
import { linkLog, makeLog } from '../programs/begun-log.ts';
import { leashBegun } from '../programs/leash-begun.ts';
import type { Scenario } from '../scenario.ts';
import { spreadOf } from '../statistics.ts';
import { measuredIn } from './target.ts';

const FRESH_RECORDS = 10_000;
/** Where no log is given. */
const GROWN_RECORDS = 1_000_000;
const PAGE = '/api/logs?limit=200';
/** Some two seconds of them: in less, such a machine may be a third faster or slower. */
const PAGES_A_TURN = 300;
/** The first reads what was written since, and a viewer that nobody asked for a while is slow for dozens of them. */
const WARM_UP_PAGES = 100;

const requests = keepAlive({
  name: 'grown',
  what: '1 KB GET and the first page, with a grown log; before that it is indexed once',
  page: PAGES.small,
});

/** `leash` is the one with the grown log. */
export const grown: Scenario = {
  ...requests,
  columns: [
    { metric: 'records', title: 'records', digits: 0 },
    { metric: 'requestsPerSecond', title: 'req/s', digits: 0 },
    { metric: 'cpuMicrosPerRequest', title: 'CPU µs/req', digits: 0 },
    { metric: 'firstPageMs', title: 'first page ms', digits: 2 },
    { metric: 'pssMb', title: 'PSS MB', digits: 0 },
  ],
  isLong: true,
  programs: [
    leashBegun('leash-fresh', 'begins with 10,000 records', (to) => makeLog(to, FRESH_RECORDS)),
    leashBegun('leash', 'begins with a grown log', (to, log) =>
      log === null ? makeLog(to, GROWN_RECORDS) : linkLog(log, to),
    ),
  ],
  turnSeconds: (options) => requests.turnSeconds(options) + 8,
  async run(context) {
    const { pid, viewerUrl = '' } = measuredIn(context).program;
    const { log } = (await ask(`${viewerUrl}/api/meta`)) as { log: { seq: number } };
    const measured = await requests.run(context);
    await settle(pid);
    return { ...measured, records: log.seq, firstPageMs: await medianMs(`${viewerUrl}${PAGE}`) };
  },
};

async function medianMs(url: string): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < WARM_UP_PAGES + PAGES_A_TURN; n += 1) {
    const fromMs = performance.now();
    await ask(url);
    times.push(performance.now() - fromMs);
  }
  return spreadOf(times.slice(WARM_UP_PAGES))?.median ?? 0;
}

async function ask(url: string): Promise<unknown> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}
