// The rows of a segment that answer a search, by its index: candidates from the columns, in the order of
// the search, each of them decided by its line. An index that does not fit its segment is found out here.

import { BLOCK_ROWS, IndexDamaged, type Open, type SegmentIndex } from '../index/segment-index.ts';
import { formatPosition } from '../store/position-text.ts';
import type { Row } from '../store/row.ts';
import { BLOCK_BYTES } from '../store/segment-reader.ts';
import type { SegmentSource } from '../store/segment-source.ts';
import { lowerBound } from './lower-bound.ts';
import { NO, type Selection } from './select-rows.ts';
import type { Run, Step } from './steps.ts';

/** A line to be looked at. */
type Candidate = { readonly offset: number; readonly length: number; readonly isOpen: boolean };

export type Indexed = {
  readonly segment: number;
  readonly index: SegmentIndex;
  readonly source: SegmentSource;
  readonly selection: Selection;
  /** Flows of this segment that are running, oldest first. */
  readonly running: readonly Open[];
};

/** Lines that are looked at before the search may end: a page of a hundred takes two of these. */
const STEP_LINES = 64;
/** Lines closer than this are read at once, up to a block. */
const GAP_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/** One step at least, whatever there is. */
export async function* indexedRows(run: Run, indexed: Indexed): AsyncGenerator<Step> {
  const { segment, index } = indexed;
  if (isFruitless(run, indexed)) {
    yield nothingIn(run, indexed);
    return;
  }
  const offsets = await index.numbers('offset');
  const lengths = await index.numbers('length');
  const low = run.after?.segment === segment ? run.after.offset + 1 : 0;
  const high = run.before?.segment === segment ? run.before.offset : Number.MAX_SAFE_INTEGER;
  const ts = await index.numbers('ts');
  const first = lowerBound(offsets, low);
  const last = lowerBound(offsets, high) - 1;
  const isNewest = run.order === 'newest';
  const rows = isNewest
    ? backwards(first, last, indexed.selection)
    : forwards(first, last, indexed.selection);
  const opens = indexed.running.filter(({ offset }) => offset >= low && offset < high);
  const candidates = merge(rows, isNewest ? opens.toReversed() : opens, offsets, lengths, isNewest);
  const newest = newestIn(indexed, offsets, last, high);
  for (;;) {
    const batch = take(candidates, STEP_LINES);
    const step = await readCandidates(run, indexed, batch);
    const isCut = step.looked < batch.length;
    const isOver = batch.length < STEP_LINES && !isCut;
    const place = batch[step.looked - 1]?.offset ?? 0;
    const endOfAll = isNewest ? Math.max(0, low - 1) : Math.max(index.lastLine, low - 1);
    const at = lowerBound(offsets, place);
    yield {
      rows: step.rows,
      bytes: step.bytes,
      reached: { segment, offset: isOver ? endOfAll : place },
      ts: isOver ? (isNewest ? index.firstTs : null) : (ts[Math.min(at, index.rows - 1)] ?? null),
      newest,
      tooLong: isOver ? index.tooLong.filter((line) => line >= low && line < high).length : 0,
      isUnreadable: step.isUnreadable || (isOver && index.isDamaged),
    };
    if (isOver || isCut) return;
  }
}

/** Known without the places of the rows: they need not be read then. */
function isFruitless(run: Run, { segment, index, selection, running }: Indexed): boolean {
  if (run.before?.segment === segment || run.after?.segment === segment) return false;
  if (running.length > 0) return false;
  return backwards(0, index.rows - 1, selection).next().done === true;
}

function nothingIn(run: Run, { segment, index }: Indexed): Step {
  const isNewest = run.order === 'newest';
  const { lastLine } = index;
  return {
    rows: [],
    reached: { segment, offset: isNewest ? 0 : Math.max(0, lastLine) },
    ts: isNewest ? index.firstTs : null,
    bytes: 0,
    newest: lastLine < 0 ? null : { segment, offset: lastLine },
    tooLong: index.tooLong.length,
    isUnreadable: index.isDamaged,
  };
}

/** Rows of which the index says yes or maybe, newest first. */
function* backwards(first: number, last: number, selection: Selection): Generator<number> {
  if (selection.isEmpty) return;
  const { blocks, verdict } = selection;
  for (let row = last; row >= first; row -= 1) {
    if (blocks !== null && blocks[Math.floor(row / BLOCK_ROWS)] === 0) {
      row = Math.floor(row / BLOCK_ROWS) * BLOCK_ROWS;
    } else if (verdict(row) !== NO) yield row;
  }
}

function* forwards(first: number, last: number, selection: Selection): Generator<number> {
  if (selection.isEmpty) return;
  const { blocks, verdict } = selection;
  for (let row = first; row <= last; row += 1) {
    if (blocks !== null && blocks[Math.floor(row / BLOCK_ROWS)] === 0) {
      row = (Math.floor(row / BLOCK_ROWS) + 1) * BLOCK_ROWS - 1;
    } else if (verdict(row) !== NO) yield row;
  }
}

function* merge(
  rows: Iterable<number>,
  opens: readonly Open[],
  offsets: ArrayLike<number>,
  lengths: ArrayLike<number>,
  isNewest: boolean,
): Generator<Candidate> {
  let next = 0;
  for (const row of rows) {
    const offset = offsets[row] ?? 0;
    for (let open = opens[next]; open !== undefined; open = opens[next]) {
      if (isNewest ? open.offset < offset : open.offset > offset) break;
      yield { ...open, isOpen: true };
      next += 1;
    }
    yield { offset, length: lengths[row] ?? 0, isOpen: false };
  }
  for (const open of opens.slice(next)) yield { ...open, isOpen: true };
}

async function readCandidates(
  run: Run,
  { segment, source }: Indexed,
  batch: readonly Candidate[],
): Promise<{ rows: Row[]; bytes: number; isUnreadable: boolean; looked: number }> {
  const rows: Row[] = [];
  let bytes = 0;
  let isUnreadable = false;
  let looked = 0;
  for (const group of groups(batch)) {
    const start = Math.min(...group.map(({ offset }) => offset));
    const end = Math.max(...group.map(({ offset, length }) => offset + length));
    if (end > source.size) throw new IndexDamaged('it is of another segment');
    const read = await source.read(start, end - start);
    bytes += end - start;
    for (const { offset, length, isOpen } of group) {
      looked += 1;
      const line = read?.subarray(offset - start, offset - start + length);
      if (line === undefined || line.length < length) {
        isUnreadable = true;
        continue;
      }
      if (line[length - 1] !== NEWLINE) throw new IndexDamaged('it is of another segment');
      const place = { segment, offset };
      const test = isOpen ? 'running' : 'single';
      const hit = run.test[test](line.subarray(0, -1), formatPosition(place), place);
      const row = hit instanceof Promise ? await hit : hit;
      if (row !== null) rows.push(row);
      // The rest of them waits for the next request.
      if (hit instanceof Promise && run.isOver()) return { rows, bytes, isUnreadable, looked };
    }
  }
  return { rows, bytes, isUnreadable, looked };
}

/** Neighbours that are read at once. */
function groups(batch: readonly Candidate[]): Candidate[][] {
  const all: Candidate[][] = [];
  let low = 0;
  let high = 0;
  for (const candidate of batch) {
    const { offset, length } = candidate;
    const from = Math.min(low, offset);
    const to = Math.max(high, offset + length);
    const gap = Math.max(offset - high, low - (offset + length));
    const group = all.at(-1);
    if (group !== undefined && gap <= GAP_BYTES && to - from <= BLOCK_BYTES) {
      group.push(candidate);
      low = from;
      high = to;
    } else {
      all.push([candidate]);
      low = offset;
      high = offset + length;
    }
  }
  return all;
}

function newestIn(
  { segment, index }: Indexed,
  offsets: ArrayLike<number>,
  last: number,
  high: number,
): Step['newest'] {
  if (index.lastLine < 0) return null;
  const offset = index.lastLine < high ? index.lastLine : (offsets[last] ?? -1);
  return offset < 0 ? null : { segment, offset };
}

function take<T>(items: Iterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = items.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}
