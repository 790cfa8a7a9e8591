// How long a request takes while a program has little to do: what an agent feels of it.

import { measureAddedLatency, measurePeak } from '../openloop/latency.ts';
import { startOrigin } from '../origin.ts';
import type { Scenario } from '../scenario.ts';
import { NO_DIRECT, SEE_1K } from '../unfit.ts';
import { measuredIn, mustBeWhole } from './target.ts';

/** Of the most that the program does. */
const LOAD = 0.1;
/** It is to be warm: what a cold one does is no peak. */
const PEAK_S = 5;
/** A 99th percentile of fewer requests is chance. */
const LEAST_S = 5;

export const latency: Scenario = {
  name: 'latency',
  what: '1 KB GET at random times, a tenth of what the program does at most',
  columns: [
    { metric: 'perSecond', title: 'req/s', digits: 0 },
    { metric: 'p50Ms', title: 'p50 ms', digits: 2 },
    { metric: 'p99Ms', title: 'p99 ms', digits: 2 },
    { metric: 'addedP50Ms', title: 'added p50 ms', digits: 2 },
    { metric: 'addedP99Ms', title: 'added p99 ms', digits: 2 },
    { metric: 'cpuMicrosPerRequest', title: 'CPU µs/req', digits: 0 },
  ],
  compared: 'p50Ms',
  buffering: true,
  unfit: { ...SEE_1K, ...NO_DIRECT, mitmdump: 'its peak is a tenth of the others' },
  turnSeconds: ({ seconds }) => 2 * (Math.max(seconds, LEAST_S) + 4) + PEAK_S + 3,
  startOrigin,
  async run(context) {
    const { program, target } = measuredIn(context);
    const { body } = context.origin;
    const { peakPerSecond = 0, sent: warm = 0 } = await measurePeak(target, body, PEAK_S);
    const perSecond = peakPerSecond * LOAD;
    const seconds = Math.max(context.options.seconds, LEAST_S);
    const numbers = await measureAddedLatency({
      ...{ target, body, perSecond, seconds },
      pid: program.pid,
    });
    mustBeWhole(numbers);
    const requests = warm + (numbers.sent ?? 0);
    context.sent({ requests, requestBytes: 0, answerBytes: requests * body.length });
    return { perSecond, ...numbers };
  },
};
