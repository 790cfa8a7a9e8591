// All programs, in the order in which they take their turns. There is no leash without its chain: what
// that costs is a hash of each line, as chain-writer.ts makes them.

import { availableParallelism } from 'node:os';
import { leash } from './leash.ts';
import { mitmdump } from './mitmdump.ts';
import { nginx } from './nginx.ts';
import { plainNode } from './plain-node.ts';
import type { Program } from './program.ts';
import { squid } from './squid.ts';

export const PROGRAMS: readonly Program[] = [
  leash('leash', 'records headers and bodies', {}),
  leash('leash-relaxed', 'does not wait for the record', { LEASH_AUDIT: 'relaxed' }),
  leash('leash-durable', 'waits for the disk', { LEASH_AUDIT: 'durable' }),
  squid,
  mitmdump,
  plainNode('node', availableParallelism()),
  plainNode('node-accepted', availableParallelism(), 'accepted'),
  nginx,
  { name: 'direct', describe: () => 'no proxy', start: () => null },
];
