// A closed loop: so many clients, each of which asks again when it has its answer. As many requests as
// fit the time, every one of them counted. A fixed number of requests, not a fixed time, so that none
// is cut off at the end and all the counts have to agree.

import { type Cost, costPerRequest, metered } from '../meter.ts';
import type { Column, Context, Measurement, Scenario } from '../scenario.ts';

/** So many requests; answers are checked by whoever makes them. */
export type Load = (amount: number) => Promise<Run>;

export type Run = {
  readonly elapsedMs: number;
  /** One for each request, sorted. */
  readonly latenciesMs: Float64Array;
};

/** Bodies of one request and its answer. */
export type Sizes = { readonly requestBytes: number; readonly answerBytes: number };

/** Of an answer; a request that waits longer is an error. */
export const ANSWER_TIMEOUT_S = 20;
/**
 * The last run before the measured one takes so long, in each round: V8 compiles for seconds before it
 * is fast, and throws code away in a process that waits for its turn.
 */
const WARM_UP_MS = 2000;

/** A turn with its warm-up and the rest after it. */
export const closedLoopSeconds: Scenario['turnSeconds'] = ({ seconds }) => seconds + 7;

export const CLOSED_LOOP_COLUMNS: readonly Column[] = [
  { metric: 'requestsPerSecond', title: 'req/s', digits: 0 },
  { metric: 'p50Ms', title: 'p50 ms', digits: 2 },
  { metric: 'p99Ms', title: 'p99 ms', digits: 2 },
  { metric: 'cpuMicrosPerRequest', title: 'CPU µs/req', digits: 0 },
  { metric: 'rootShare', title: 'first process', digits: 2 },
  { metric: 'rootMainShare', title: 'its main thread', digits: 2 },
  { metric: 'peakRssMb', title: 'peak RSS MB', digits: 0 },
  { metric: 'pssMb', title: 'PSS MB', digits: 0 },
];

/** Warms up, then measures for about `seconds`. */
export async function measureClosedLoop(
  load: Load,
  context: Context,
  sizes: Sizes,
): Promise<Measurement> {
  const { options, origin, program, sent } = context;
  const run: Load = async (amount) => {
    sent({
      requests: amount,
      requestBytes: amount * sizes.requestBytes,
      answerBytes: amount * sizes.answerBytes,
    });
    const before = await origin.requests();
    const result = await load(amount);
    const reached = (await origin.requests()) - before;
    if (reached !== amount) throw new Error(`${reached} of ${amount} requests reached the origin`);
    return result;
  };
  let amount = options.connections;
  let warm = await run(amount);
  while (warm.elapsedMs < WARM_UP_MS) {
    amount *= 2;
    warm = await run(amount);
  }
  const perSecond = (amount / warm.elapsedMs) * 1000;
  const requests = Math.max(options.connections, Math.round(perSecond * options.seconds));
  if (program === null) return describe(await run(requests), requests, null);
  const { result, cost } = await metered(program.pid, () => run(requests));
  return describe(result, requests, cost);
}

function describe({ elapsedMs, latenciesMs }: Run, requests: number, cost: Cost | null) {
  return {
    requests,
    requestsPerSecond: (requests / elapsedMs) * 1000,
    p50Ms: latenciesMs[Math.floor(requests * 0.5)] ?? 0,
    p99Ms: latenciesMs[Math.floor(requests * 0.99)] ?? 0,
    ...(cost === null ? {} : costPerRequest(cost, requests)),
  };
}
