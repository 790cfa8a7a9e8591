// The arithmetic of the histogram: places on the screen, buckets of time, and what is said of them.
// Pure: the time zone is the browser's.

import type { Histogram, HistogramBucket } from '../../search/histogram.ts';
import type { RowClass } from '../../store/row.ts';
import { CLASS_LABELS } from '../kit/explain.ts';
import { two } from '../kit/format.ts';

/** From the bottom up; what an operator looks for lies on top. */
export const STACK: readonly RowClass[] = [
  'allowed',
  'uninspected',
  'running',
  'event',
  'would_block',
  'error',
  'blocked',
  'damaged',
];

export type Piece = {
  readonly name: RowClass;
  readonly y: number;
  readonly height: number;
};
/** Numbers of two buckets, in any order. */
export type Range = { readonly anchor: number; readonly to: number };

/** One blocked request among thousands is seen too. */
const MIN_HEIGHT = 2;
const BUCKET_PX = 9;
const MIN_BUCKETS = 20;
const MAX_BUCKETS = 120;

/** So many buckets fit a width; in steps, so that a window that changes does not ask each time. */
export function bucketsFor(width: number): number {
  const fitting = Math.floor(width / BUCKET_PX / 10) * 10;
  return Math.max(MIN_BUCKETS, Math.min(MAX_BUCKETS, fitting));
}

/** How many records a bucket has. */
export function totalOf({ counts }: HistogramBucket): number {
  return Object.values(counts).reduce((sum, count) => sum + (count ?? 0), 0);
}

/** A bucket → its bars from the bottom up; `most`: the records of the highest one. */
export function stackOf(
  { counts }: HistogramBucket,
  most: number,
  height: number,
): readonly Piece[] {
  const names = STACK.filter((name) => (counts[name] ?? 0) > 0);
  const plain = names.map((name) =>
    Math.max(MIN_HEIGHT, ((counts[name] ?? 0) / Math.max(1, most)) * height),
  );
  // What the small ones were given is taken from the whole: no bar leaves the picture.
  const sum = plain.reduce((a, b) => a + b, 0);
  const scale = sum > height ? height / sum : 1;
  let y = height;
  return names.map((name, n) => {
    const piece = (plain[n] ?? 0) * scale;
    y -= piece;
    return { name, y, height: piece };
  });
}

/** A place across the picture → the bucket there. */
export function bucketAt(x: number, width: number, count: number): number {
  const at = Math.floor((x / Math.max(1, width)) * count);
  return Math.max(0, Math.min(count - 1, at));
}

/** A key and where one is → where one goes; null: the key moves nothing. */
export function stepTo(key: string, at: number, count: number): number | null {
  const to = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    PageUp: at - 10,
    PageDown: at + 10,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined ? null : Math.max(0, Math.min(count - 1, to));
}

/** The first and the last bucket of a range. */
export function endsOf({ anchor, to }: Range): readonly [number, number] {
  return [Math.min(anchor, to), Math.max(anchor, to)];
}

/** Buckets → the times they cover; null where there are none. */
export function timesOf(
  { buckets, bucket_s }: Histogram,
  range: Range,
): { since: number; until: number } | null {
  const [first, last] = endsOf(range);
  const [from, end] = [buckets[first], buckets[last]];
  if (from === undefined || end === undefined) return null;
  return { since: from.ts, until: end.ts + bucket_s };
}

/** `128 requests: 120 allowed, 8 blocked`. */
export function countsText(buckets: readonly HistogramBucket[]): string {
  const sums = STACK.map((name) => ({
    name,
    sum: buckets.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0),
  })).filter(({ sum }) => sum > 0);
  const total = sums.reduce((all, { sum }) => all + sum, 0);
  if (total === 0) return 'no record';
  const list = sums.map(({ name, sum }) => `${sum} ${CLASS_LABELS[name].toLowerCase()}`);
  return `${total} ${total === 1 ? 'record' : 'records'}: ${list.join(', ')}`;
}

/** A span of time as it is read: the date once, seconds and less where they matter. */
export function spanText(since: number, until: number, now: Date): string {
  const from = new Date(since * 1000);
  const to = new Date(until * 1000);
  const isToday = (date: Date) => date.toDateString() === now.toDateString();
  const digits = digitsOf(until - since);
  const day = isToday(from) && isToday(to) ? '' : `${dateText(from)} `;
  const toDay = from.toDateString() === to.toDateString() ? '' : `${dateText(to)} `;
  return `${day}${clockText(from, digits)}–${toDay}${clockText(to, digits)}`;
}

/** A time below the picture, of a range of so many seconds; of days with the date. */
export function tickText(ts: number, span: number): string {
  const date = new Date(ts * 1000);
  const clock = clockText(date, digitsOf(span));
  return span > 86_400 ? `${dateText(date).slice(5)} ${clock}` : clock;
}

/** How much of `10:42:00.500` is shown. */
function digitsOf(span: number): number {
  if (span < 10) return 12;
  return span < 600 ? 8 : 5;
}

function dateText(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function clockText(date: Date, digits: number): string {
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`.slice(0, digits);
}
