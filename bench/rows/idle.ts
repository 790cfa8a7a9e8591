// Tunnels that are open while nothing happens in them: most of a fleet's, most of the time.

import { readFileSync } from 'node:fs';
import { measureIdle } from '../openloop/idle.ts';
import { startOrigin } from '../origin.ts';
import type { Scenario } from '../scenario.ts';
import { plainNodes, SEE_1K } from '../unfit.ts';
import { measuredIn, mustBeWhole } from './target.ts';

const TUNNELS = 10_000;
/** Files of a process that are no tunnels. */
const SPARE_FILES = 1000;

export const idle: Scenario = {
  name: 'idle',
  what: '10,000 open tunnels without traffic',
  columns: [
    { metric: 'kbPerTunnel', title: 'KB/tunnel', digits: 1 },
    { metric: 'tunnels', title: 'tunnels', digits: 0 },
    { metric: 'memoryAfterMb', title: 'PSS MB', digits: 0 },
    { metric: 'openSeconds', title: 'opened in s', digits: 0 },
  ],
  compared: 'kbPerTunnel',
  buffering: true,
  maxRounds: 1,
  unfit: {
    ...SEE_1K,
    direct: 'there is no process',
    squid: 'keeps a connection to the origin for each',
    mitmdump: 'takes minutes to open them',
    ...plainNodes('closes what is idle for five seconds'),
  },
  turnSeconds: () => 70,
  startOrigin,
  async run(context) {
    const { program, target } = measuredIn(context);
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const numbers = await measureIdle({ target, pid: program.pid, ...planIdle(limits) });
    mustBeWhole(numbers);
    const { sent: requests = 0 } = numbers;
    const answerBytes = requests * context.origin.body.length;
    context.sent({ requests, requestBytes: 0, answerBytes });
    return numbers;
  },
};

/**
 * As many tunnels as the limit of open files lets one process have. Each asks once, as an agent's has,
 * where the connections to the origin that this opens fit as well. Pure; `limits` as in proc(5).
 */
export function planIdle(limits: string): { readonly tunnels: number; readonly asksOnce: boolean } {
  const [, soft = ''] = /^Max open files\s+(\d+|unlimited)/m.exec(limits) ?? [];
  const files = soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  const tunnels = Math.max(1, Math.min(TUNNELS, files - SPARE_FILES));
  return { tunnels, asksOnce: files >= 2 * tunnels };
}
