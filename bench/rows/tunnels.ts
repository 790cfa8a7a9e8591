// New tunnels at a rate that is kept, whatever becomes of them: agents that come and go.

import { measureAddedTunnels } from '../openloop/tunnels.ts';
import { startOrigin } from '../origin.ts';
import type { Scenario } from '../scenario.ts';
import { NO_DIRECT, SEE_1K } from '../unfit.ts';
import { measuredIn, mustBeWhole } from './target.ts';

/** As many as two cores have time for, the load's own handshakes included. */
const PER_SECOND = 50;

export const tunnels: Scenario = {
  name: 'tunnels',
  what: `${PER_SECOND} new tunnels a second at random times, one request in each`,
  columns: [
    { metric: 'cpuMicrosPerTunnel', title: 'CPU µs/tunnel', digits: 0 },
    { metric: 'openP50Ms', title: 'open p50 ms', digits: 2 },
    { metric: 'openP99Ms', title: 'open p99 ms', digits: 2 },
    { metric: 'addedP50Ms', title: 'added p50 ms', digits: 2 },
    { metric: 'addedP99Ms', title: 'added p99 ms', digits: 2 },
  ],
  compared: 'cpuMicrosPerTunnel',
  buffering: true,
  unfit: { ...SEE_1K, ...NO_DIRECT, mitmdump: 'see 1k-new', squid: 'see 1k-new' },
  turnSeconds: ({ seconds }) => 2 * (seconds + 5),
  startOrigin,
  async run(context) {
    const { program, target } = measuredIn(context);
    const { body } = context.origin;
    const { seconds } = context.options;
    const numbers = await measureAddedTunnels({
      ...{ target, body, seconds, perSecond: PER_SECOND },
      pid: program.pid,
    });
    mustBeWhole(numbers);
    const { sent: requests = 0 } = numbers;
    context.sent({ requests, requestBytes: 0, answerBytes: requests * body.length });
    return numbers;
  },
};
