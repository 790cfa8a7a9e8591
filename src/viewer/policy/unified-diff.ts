// Two texts → the lines that differ, with some around them, as `diff -u` shows them. Pure, and takes
// time in proportion to what differs, within bounds.

/** Lines of what stays around each change. */
const CONTEXT = 3;
/** More cells than this in the table of what is common: it is looked for nearby only. */
const MAX_CELLS = 1_000_000;
/** So far is nearby, and so many comparisons are made; then the rest is shown as replaced. */
const MAX_APART = 600;
const MAX_COMPARED = 20_000_000;
/** A longer diff has no lines around its changes: what stays tells less than what does not. */
const MAX_WITH_CONTEXT = 400;
/** A longer diff ends here, and its last line says so: more than one change of the page needs. */
export const MAX_DIFF_LINES = 5000;

type Line = { readonly sign: ' ' | '-' | '+'; readonly text: string };

/** Lines that begin with ` `, `-`, `+` or `@@`; none where nothing differs. Longer than
 *  `MAX_DIFF_LINES`: it was cut. */
export function unifiedDiff(before: string, after: string): string[] {
  if (before === after) return [];
  const lines = compare(splitLines(before), splitLines(after));
  const whole = hunks(lines, CONTEXT);
  const diff = whole.length <= MAX_WITH_CONTEXT ? whole : hunks(lines, 0);
  if (diff.length <= MAX_DIFF_LINES) return diff;
  return [...diff.slice(0, MAX_DIFF_LINES), `@@ and ${diff.length - MAX_DIFF_LINES} more lines @@`];
}

function hunks(lines: readonly Line[], context: number): string[] {
  const shown = lines.map(() => false);
  lines.forEach(({ sign }, at) => {
    if (sign !== ' ') shown.fill(true, Math.max(0, at - context), at + context + 1);
  });
  const diff: string[] = [];
  let [old, now] = [1, 1];
  lines.forEach(({ sign, text }, at) => {
    if (shown[at] && !shown[at - 1]) diff.push(`@@ -${old} +${now} @@`);
    if (shown[at]) diff.push(sign + text);
    if (sign !== '+') old += 1;
    if (sign !== '-') now += 1;
  });
  return diff;
}

function splitLines(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  // What follows the last newline is no line, unless something stands there.
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function compare(old: readonly string[], now: readonly string[]): Line[] {
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  const room = Math.min(old.length, now.length) - start;
  while (end < room && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  return [
    ...signed(' ', old.slice(0, start)),
    ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...signed(' ', old.slice(old.length - end)),
  ];
}

function signed(sign: Line['sign'], lines: readonly string[]): Line[] {
  return lines.map((text) => ({ sign, text }));
}

/** Each time lines differ, goes on at the nearest place where they are the same again. */
function nearby(old: readonly string[], now: readonly string[]): Line[] {
  const lines: Line[] = [];
  let compared = 0;
  let [i, j] = [0, 0];
  // How many lines to leave out on each side.
  const gap = (): readonly [number, number] | null => {
    for (let apart = 1; apart <= MAX_APART && compared < MAX_COMPARED; apart += 1) {
      compared += apart + 1;
      for (let a = 0; a <= apart; a += 1) {
        const same = old[i + a];
        if (same !== undefined && same === now[j + apart - a]) return [a, apart - a];
      }
    }
    return null;
  };
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) {
      lines.push({ sign: ' ', text: old[i] ?? '' });
      i += 1;
      j += 1;
      continue;
    }
    const next = gap();
    if (next === null) break;
    const [gone, more] = next;
    lines.push(...signed('-', old.slice(i, i + gone)), ...signed('+', now.slice(j, j + more)));
    i += gone;
    j += more;
  }
  // Not spread: a list of any length may be left.
  return lines.concat(signed('-', old.slice(i)), signed('+', now.slice(j)));
}

/** By the longest common subsequence. */
function middle(old: readonly string[], now: readonly string[]): Line[] {
  const width = now.length + 1;
  if (old.length * now.length > MAX_CELLS) return nearby(old, now);
  const common = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ sign: ' ', text: old[i] ?? '' });
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: '-', text: old[i] ?? '' });
      i += 1;
    } else {
      lines.push({ sign: '+', text: now[j] ?? '' });
      j += 1;
    }
  }
  return lines;
}
