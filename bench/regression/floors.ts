// What leash is compared with to see that it did not become dearer, and what came out the last time.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nginx } from '../programs/nginx.ts';
import type { Program } from '../programs/program.ts';
import { tlsPipe } from '../programs/tls-pipe.ts';

/** Best first: nginx, and where it is not installed Node itself. */
export const FLOORS: readonly Program[] = [nginx, tlsPipe];

/** leash's CPU per request in that of a floor, where and when. */
export type Recorded = {
  readonly ratio: number;
  readonly machine: string;
  readonly date: string;
  readonly commit: string;
};

export const RECORDED_FILE = fileURLToPath(new URL('../recorded.json', import.meta.url));

/** By the name of the floor. */
export function readRecorded(): Readonly<Record<string, Recorded>> {
  return JSON.parse(readFileSync(RECORDED_FILE, 'utf8'));
}
