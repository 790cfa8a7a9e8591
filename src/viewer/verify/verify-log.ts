// Verifies the log of a folder: each segment on its own, as many at a time as the caller runs, then how
// they hang together. The folder may be written, rotated, compressed and thinned out meanwhile.
//
// Invariant: nothing that a leash does to its log while it is read makes a problem of it.

import { join } from 'node:path';
import type { ChainPoint } from '../../shared/chain-walk.ts';
import { checkpointFileName, segmentName } from '../../shared/segments.ts';
import { type Exported, readExported } from './exported.ts';
import { judge, type Verdict } from './judge.ts';
import { collectDeletions, needsSecondLook, type Segment, startOf } from './links.ts';
import { type ExportedFile, listLog, readExportedFile } from './list-log.ts';
import type { SegmentResult, SegmentTask } from './verify-segment.ts';

export type VerifyOptions = {
  readonly dir: string;
  /** `egress.jsonl`. */
  readonly logName: string;
  readonly keys: readonly string[];
  readonly mustBeSigned: boolean;
  /** Beside the file of the folder itself. */
  readonly exported: readonly ExportedFile[];
  /** How long half a line at the end may become a whole one. */
  readonly graceMs: number;
  readonly run: (task: SegmentTask) => Promise<SegmentResult>;
  /** Bytes of files that are done; grows while it runs. */
  readonly progress: BigInt64Array;
  readonly onTotal: (fileBytes: number) => void;
};

export type Verification = Verdict & {
  readonly segments: number;
  readonly hasUnchained: boolean;
  /** Lines of the folder's own file of checkpoints and of those that were given; null: no such file. */
  readonly ownCheckpoints: number | null;
  readonly givenCheckpoints: number;
  /** Somebody wrote it meanwhile. */
  readonly isLive: boolean;
};

/** A rotation takes seconds at full load, so one round follows the other quickly; then it is enough. */
const MAX_ROUNDS = 10;

type Context = VerifyOptions & { readonly known: Exported['known'] };

/** Throws where the folder or a file cannot be read. */
export async function verifyLog(options: VerifyOptions): Promise<Verification> {
  // Before the segments: a line gets into this file after it got into a segment.
  const own = await readExportedFile(join(options.dir, checkpointFileName(options.logName)));
  const exported = readExported([...(own === null ? [] : [own]), ...options.exported]);
  const context = { ...options, known: exported.known };
  const { segments, hasUnchained } = await readSegments(context);
  await lookAgain(segments, context);
  const nameOf = (number: number) => segmentName(options.logName, number);
  const ownCheckpoints = own === null ? null : countLines(own);
  return {
    ...judge({ ...options, segments, nameOf, exported }),
    segments: segments.length,
    hasUnchained,
    ownCheckpoints,
    givenCheckpoints: exported.lines.length - (ownCheckpoints ?? 0),
    isLive: segments.some(({ report }) => report.isGrowing),
  };
}

/** Each segment once, until a look into the folder shows nothing new. */
async function readSegments(context: Context) {
  const done = new Map<number, Segment>();
  let newest = 0;
  let hasUnchained = false;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const listing = await listLog(context.dir, context.logName);
    hasUnchained ||= listing.hasUnchained;
    if (round === 0) context.onTotal(listing.bytes);
    const last = listing.numbers.at(-1) ?? 0;
    // It may have grown between the look at it and its end.
    if (last > newest) done.delete(newest);
    newest = Math.max(newest, last);
    const todo = listing.numbers.filter((number) => !done.has(number));
    if (todo.length === 0) break;
    const read = todo.map(async (number) => {
      const segment = await readSegment(context, number, number === newest);
      if (segment !== null) done.set(number, segment);
      return segment !== null;
    });
    // What says that a segment was deleted is in the newest one, behind what was read of it.
    if ((await Promise.all(read)).includes(false)) done.delete(newest);
  }
  const segments = [...done.values()].sort((a, b) => a.report.number - b.report.number);
  return { segments, hasUnchained };
}

/** Segments whose own report depends on what they continue, now that it is known. */
async function lookAgain(segments: Segment[], context: Context): Promise<void> {
  const deletions = collectDeletions(segments);
  for (const [index, { report }] of segments.entries()) {
    const start = startOf(segments, index, deletions);
    if (start === null || !needsSecondLook(report, start)) continue;
    const isNewest = index === segments.length - 1;
    const again = await readSegment(context, report.number, isNewest, start);
    if (again !== null) segments[index] = again;
  }
}

/** null: it is not there any more. */
async function readSegment(
  { dir, logName, known, graceMs, progress, run }: Context,
  number: number,
  isNewest: boolean,
  start?: ChainPoint,
): Promise<Segment | null> {
  const name = segmentName(logName, number);
  const path = join(dir, name);
  const grace = isNewest ? graceMs : 0;
  const result = await run({ path, number, start, known, graceMs: grace, progress });
  if ('report' in result)
    return { report: result.report, file: result.isCompressed ? `${name}.gz` : name };
  if (result.code === 'ENOENT') return null;
  throw Object.assign(new Error(`Cannot read ${path}: ${result.message}`), { code: result.code });
}

function countLines({ bytes }: ExportedFile): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}
