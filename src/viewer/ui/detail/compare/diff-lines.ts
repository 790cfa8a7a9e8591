// Two texts → their lines side by side in one order: the same, gone, new. Pure. Bounded: what is too
// long for an exact answer is told as gone and new lines without an order, and what is cut is counted.

import { lineDiff } from '../../../../shared/line-diff.ts';

export type DiffLine = {
  /** `skip`: so many same lines were left out, `text` says how many. */
  readonly kind: 'same' | 'gone' | 'new' | 'skip';
  readonly text: string;
};

/** A table of a million numbers takes some milliseconds. */
const MAX_TABLE = 1_000_000;
const MAX_LINES = 5000;
/** Same lines shown round a change. */
const CONTEXT = 3;
/** Changes shown at once. */
const MAX_SHOWN = 1000;

/** Lines of a body; `isExact` false: order was not looked at, or the end of one is left out. */
export function diffLines(a: string, b: string): { lines: DiffLine[]; isExact: boolean } {
  const [left, right] = [splitLines(a), splitLines(b)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let tail = 0;
  const most = Math.min(left.length, right.length) - start;
  while (tail < most && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1;
  const gone = left.slice(start, left.length - tail);
  const fresh = right.slice(start, right.length - tail);
  const isCut = left.length >= MAX_LINES || right.length >= MAX_LINES;
  if (gone.length * fresh.length > MAX_TABLE) {
    const lines = lineDiff(a, b).map(
      (line): DiffLine => ({
        kind: line.startsWith('- ') ? 'gone' : line.startsWith('+ ') ? 'new' : 'skip',
        text: line.replace(/^[-+] /, ''),
      }),
    );
    return { lines, isExact: false };
  }
  const all: DiffLine[] = [
    ...left.slice(0, start).map(same),
    ...middle(gone, fresh),
    ...left.slice(left.length - tail).map(same),
  ];
  const folded = fold(all);
  const isLong = folded.length > MAX_SHOWN;
  return { lines: folded.slice(0, MAX_SHOWN), isExact: !isCut && !isLong };
}

function splitLines(text: string): string[] {
  return text === '' ? [] : text.split('\n', MAX_LINES);
}

/** The longest common subsequence, by its table. */
function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => table[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      lines.push(same(left));
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: 'gone', text: left });
      i += 1;
    } else {
      lines.push({ kind: 'new', text: right ?? '' });
      j += 1;
    }
  }
  return lines;
}

/** Long runs of same lines become one that counts them. */
function fold(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>();
  lines.forEach(({ kind }, index) => {
    if (kind === 'same') return;
    for (let each = index - CONTEXT; each <= index + CONTEXT; each += 1) near.add(each);
  });
  const folded: DiffLine[] = [];
  let skipped = 0;
  const flush = () => {
    if (skipped > 0) folded.push({ kind: 'skip', text: `${skipped} same lines` });
    skipped = 0;
  };
  lines.forEach((line, index) => {
    if (!near.has(index)) skipped += 1;
    else {
      flush();
      folded.push(line);
    }
  });
  flush();
  return folded;
}

function same(text: string): DiffLine {
  return { kind: 'same', text };
}
