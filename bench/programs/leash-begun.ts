// leash with a log that it begins with, at rest: its segments are compressed, checked and indexed, which
// is done once for each.

import { join } from 'node:path';
import { waitFor } from '../../test/support/wait-for.ts';
import { settle } from '../meter.ts';
import type { Begun } from './begun-log.ts';
import { startLeashProgram } from './leash.ts';
import { checkLeashLog } from './leash-log.ts';
import type { MeasuredProgram, Program, StartOptions } from './program.ts';

/** Makes the log in `to`; `log` is the folder that the command line names. */
export type Begin = (to: string, log: string | null) => Promise<Begun>;

/** No segment is finished, and so none is compressed and indexed, in one of its turns and not in others. */
const SETTINGS = { LEASH_ROTATE_MB: '4096' };
const REST_MS = 10 * 60_000;
/** It takes less than this until it is seen that it does nothing. */
const REST_CPU_S = 1;

/** leash beginning with such a log. */
export function leashBegun(name: string, what: string, begin: Begin): Program {
  return { name, describe: () => what, start: (options) => startBegun(options, begin) };
}

/** Starts it: the measured program itself, never null. */
export async function startBegun(options: StartOptions, begin: Begin): Promise<MeasuredProgram> {
  const dir = join(options.dir, 'logs');
  const begun = await begin(dir, options.log ?? null);
  const program = await startLeashProgram(options, SETTINGS);
  try {
    await comeToRest(program);
  } catch (error) {
    await program.stop();
    throw error;
  }
  const check: MeasuredProgram['check'] = (totals) =>
    checkLeashLog(join(dir, 'egress.jsonl'), totals, begun);
  return { ...program, check };
}

async function comeToRest({ pid, viewerUrl }: MeasuredProgram): Promise<void> {
  const isIndexed = async () => {
    const { index } = (await (await fetch(`${viewerUrl}/api/meta`)).json()) as Meta;
    return index.segments > 0 && index.segments === index.indexed;
  };
  const endMs = performance.now() + REST_MS;
  await waitFor(isIndexed, { what: 'an index of each segment', timeoutMs: REST_MS });
  const isAtRest = async () => (await settle(pid)) < REST_CPU_S;
  const timeoutMs = Math.max(1, endMs - performance.now());
  await waitFor(isAtRest, { what: 'leash to come to rest with its log', timeoutMs });
}

type Meta = { readonly index: { readonly segments: number; readonly indexed: number } };
