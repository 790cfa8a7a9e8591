// What a request costs with few open tunnels and with thousands: the same load, spread over all of them.

import { readFileSync } from 'node:fs';
import { measureConnections } from '../openloop/connections.ts';
import { measurePeak } from '../openloop/latency.ts';
import { startOrigin } from '../origin.ts';
import { leash } from '../programs/leash.ts';
import { nginx } from '../programs/nginx.ts';
import type { Context, Measurement, Scenario } from '../scenario.ts';
import { planIdle } from './idle.ts';
import { measuredIn, mustBeWhole } from './target.ts';

const FEWEST = 10;
const COUNTS = [FEWEST, 100, 1000, 10_000];
/** As many as two cores have time for beside the load and the origin. */
const PER_SECOND = 400;
/** Each of the most tunnels has its turn in that time. */
const LEAST_S = 10_000 / PER_SECOND;
/** Before the first count, with which the others are compared: at so low a rate it would never be warm. */
const WARM_UP_S = 6;
/** Handshakes, and each count's own warm-up. */
const OPEN_S = 35;

export const connections: Scenario = {
  name: 'connections',
  what: `1 KB GET, ${PER_SECOND} a second in turn over 10 to 10,000 open tunnels`,
  columns: [
    { metric: 'cpuMicros10', title: 'CPU µs/req: 10', digits: 0 },
    { metric: 'cpuMicros100', title: '100', digits: 0 },
    { metric: 'cpuMicros1000', title: '1,000', digits: 0 },
    { metric: 'cpuMicros10000', title: '10,000', digits: 0 },
    { metric: 'ratio100', title: '100 : 10', digits: 2 },
    { metric: 'ratio1000', title: '1,000 : 10', digits: 2 },
    { metric: 'ratio10000', title: '10,000 : 10', digits: 2 },
    { metric: 'p99Ms', title: 'p99 ms at most', digits: 2 },
  ],
  compared: 'ratio10000',
  buffering: true,
  isLong: true,
  programs: [
    // No segment is finished, and so none is compressed, in the middle of one of the counts. One worker: which
    // of several accepts ten tunnels is chance, and a request costs less where one has all of them.
    leash('leash', '1 worker, finishes no segment meanwhile', {
      LEASH_WORKERS: '1',
      LEASH_ROTATE_MB: '4096',
    }),
    nginx,
  ],
  unfit: {},
  turnSeconds: ({ seconds }) => COUNTS.length * Math.max(seconds, LEAST_S) + OPEN_S + WARM_UP_S,
  startOrigin,
  async run(context) {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const { tunnels: most } = planIdle(limits);
    const { target } = measuredIn(context);
    const { body } = context.origin;
    const { sent: requests = 0 } = await measurePeak(target, body, WARM_UP_S);
    context.sent({ requests, requestBytes: 0, answerBytes: requests * body.length });
    const all: Record<string, number> = { p99Ms: 0 };
    for (const tunnels of COUNTS.filter((count) => count <= most)) {
      Object.assign(all, await measureCount(context, tunnels, all));
    }
    return all;
  },
};

/** Of so many tunnels; `before` has those of the fewest. */
async function measureCount(
  context: Context,
  tunnels: number,
  before: Measurement,
): Promise<Measurement> {
  const { program, target } = measuredIn(context);
  const { body } = context.origin;
  const seconds = Math.max(context.options.seconds, LEAST_S);
  const numbers = await measureConnections({
    ...{ target, body, tunnels, perSecond: PER_SECOND, seconds },
    pid: program.pid,
  });
  mustBeWhole(numbers);
  const { sent: requests = 0, cpuMicrosPerRequest: cpu = 0, p99Ms = 0 } = numbers;
  context.sent({ requests, requestBytes: 0, answerBytes: requests * body.length });
  const base = before[`cpuMicros${FEWEST}`];
  return {
    [`cpuMicros${tunnels}`]: cpu,
    ...(base === undefined ? {} : { [`ratio${tunnels}`]: cpu / base }),
    p99Ms: Math.max(p99Ms, before.p99Ms ?? 0),
  };
}
