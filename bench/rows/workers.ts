// What a request costs with one worker and with more of them, and the primary's part in it.

import { keepAlive } from '../http/keep-alive.ts';
import { PAGES } from '../http/pages.ts';
import { leash } from '../programs/leash.ts';
import { type PlainRecord, plainNode } from '../programs/plain-node.ts';
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
export const workersOfNode = floor('node', 'node:http alone', 'own');

/** The same where a primary writes the record and each request waits for it. */
export const workersAccepted = floor('accepted', 'node:http and a record', 'accepted');

function floor(name: string, what: string, record: PlainRecord): Scenario {
  return {
    ...keepAlive({
      ...{ name: `workers-${name}`, page: PAGES.small },
      what: `1 KB GET by 1, 2 and 4 workers of ${what}`,
    }),
    isLong: true,
    subject: `${name}-4`,
    programs: [1, 2, 4].map((workers) => plainNode(`${name}-${workers}`, workers, record)),
  };
}
