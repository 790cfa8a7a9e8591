// A log that leash begins with: one that is there already, linked, or one that is made.

import { copyFile, link, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseSegmentName } from '../../src/shared/segments.ts';
import { segmentFiles, segmentText } from '../../test/support/leash-records.ts';
import { generateLog } from '../log-generator.ts';

/** Its newest segment and last record: what follows is of the run. */
export type Begun = { readonly segment: number; readonly seq: number };

const LOG_NAME = 'egress.jsonl';
/** As leash has them where nothing else is set. */
const SEGMENT_BYTES = 128 * 1024 * 1024;

/**
 * The log in `from` as one of its own in `to`: finished segments are the same files, where the file system
 * can do that, for leash only replaces them; the newest, which it writes to, is a copy.
 */
export async function linkLog(from: string, to: string): Promise<Begun> {
  const files = await segmentFiles(join(from, LOG_NAME));
  const newest = files.at(-1);
  if (newest === undefined) throw new Error(`there is no log in ${from}`);
  await mkdir(to, { recursive: true });
  for (const file of files) {
    const own = join(to, basename(file));
    if (file === newest) await copyFile(file, own);
    else await link(file, own).catch(() => copyFile(file, own));
  }
  const text = await segmentText(newest);
  const last = text.slice(text.lastIndexOf('\n{"seq":') + 1);
  const seq = Number(/^\{"seq":(\d+),/.exec(last)?.[1] ?? 0);
  return { segment: parseSegmentName(LOG_NAME, basename(newest)) ?? 0, seq };
}

/** One of so many records. */
export async function makeLog(to: string, records: number): Promise<Begun> {
  const options = { dir: to, records, seed: 1, segmentBytes: SEGMENT_BYTES };
  const { segments, lines } = await generateLog(options);
  return { segment: segments, seq: lines };
}
