// What a change of a small text file was, in lines, for the record. Pure.

const MAX_LINES = 40;
const MAX_CHARS = 200;

/**
 * Lines that are new (`+`) and gone (`-`), gone ones first; lines that only moved are neither. Long
 * ones are cut, and where there are more than 40, the last one says how many.
 */
export function lineDiff(before: string, after: string): string[] {
  const [old, now] = [countLines(before), countLines(after)];
  const diff = [...missing(old, now, '-'), ...missing(now, old, '+')];
  if (diff.length === 0 && before.trim() !== after.trim()) return ['lines were moved'];
  if (diff.length <= MAX_LINES) return diff;
  return [...diff.slice(0, MAX_LINES), `and ${diff.length - MAX_LINES} more lines`];
}

/** Short, and without the whole of a hash: that of a weak token could be searched for. */
function shown(line: string): string {
  const text = line.replace(/\b([0-9a-f]{8})[0-9a-f]{56}\b/g, '$1...');
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}...` : text;
}

function countLines(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    const trimmed = line.trimEnd();
    if (trimmed.trim() !== '') counts.set(trimmed, (counts.get(trimmed) ?? 0) + 1);
  }
  return counts;
}

function missing(from: Map<string, number>, other: Map<string, number>, sign: string): string[] {
  return [...from].flatMap(([line, count]) =>
    Array<string>(Math.max(0, count - (other.get(line) ?? 0))).fill(`${sign} ${shown(line)}`),
  );
}
