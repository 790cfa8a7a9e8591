// Token streams: what most of an agent's traffic is.

import { startStreamOrigin } from '../openloop/start-stream-origin.ts';
import { measureAddedStreams, streamsWarmUp } from '../openloop/streams.ts';
import type { Scenario } from '../scenario.ts';
import { NO_DIRECT, SEE_1K } from '../unfit.ts';
import { measuredIn, mustBeWhole } from './target.ts';

/** Streams are begun and ended. */
const OPEN_S = 7;

export const streams: Scenario = {
  name: 'streams',
  what: '500 event streams at once, 20 events of 190 B a second in each',
  columns: [
    { metric: 'cpuMicrosPerEvent', title: 'CPU µs/event', digits: 0 },
    { metric: 'p50Ms', title: 'p50 ms', digits: 2 },
    { metric: 'p99Ms', title: 'p99 ms', digits: 2 },
    { metric: 'addedP99Ms', title: 'added p99 ms', digits: 2 },
    { metric: 'kbPerStream', title: 'KB/stream', digits: 0 },
  ],
  compared: 'cpuMicrosPerEvent',
  buffering: false,
  unfit: { ...SEE_1K, ...NO_DIRECT, mitmdump: 'holds an answer back until its end' },
  turnSeconds: ({ seconds }) => 2 * (streamsWarmUp(seconds) + seconds + OPEN_S),
  startOrigin: startStreamOrigin,
  async run(context) {
    const { program, target } = measuredIn(context);
    const { seconds } = context.options;
    const numbers = await measureAddedStreams({ target, seconds, pid: program.pid });
    mustBeWhole(numbers);
    const { sent = 0, bytesSent = 0 } = numbers;
    context.sent({ requests: sent, requestBytes: 0, answerBytes: bytesSent });
    return numbers;
  },
};
