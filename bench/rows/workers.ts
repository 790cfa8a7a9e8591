// What a request costs with one worker and with more of them, and the primary's part in it.

import { keepAlive } from '../http/keep-alive.ts';
import { PAGES } from '../http/pages.ts';
import { leash } from '../programs/leash.ts';
import { plainNode } from '../programs/plain-node.ts';
import type { Scenario } from '../scenario.ts';

/** `leash` is what the others are compared with: the one with the most workers. */
export const workers: Scenario = {
  ...keepAlive({ name: 'workers', what: '1 KB GET by 1, 2 and 4 workers', page: PAGES.small }),
  programs: [
    leash('leash-1', '1 worker', { LEASH_WORKERS: '1' }),
    leash('leash-2', '2 workers', { LEASH_WORKERS: '2' }),
    leash('leash', '4 workers', { LEASH_WORKERS: '4' }),
  ],
};

/** The floor of that: what more processes of node:http alone cost. */
export const workersOfNode: Scenario = {
  ...keepAlive({
    ...{ name: 'workers-node', page: PAGES.small },
    what: '1 KB GET by 1, 2 and 4 workers of node:http alone',
  }),
  isLong: true,
  subject: 'node-4',
  programs: [plainNode('node-1', 1), plainNode('node-2', 2), plainNode('node-4', 4)],
};
