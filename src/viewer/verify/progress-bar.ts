// A line on a terminal that says how far a long piece of work is. Pure: numbers in, text out; who
// calls knows the clock and the terminal.

type Progress = {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
  readonly columns: number;
  readonly color: boolean;
};

const BAR_CELLS = 24;
const MB = 1e6;
const ERASE_LINE = '\r\x1b[K';

/** Begins with what erases the line before it. */
export function formatProgress(progress: Progress): string {
  const { totalBytes, elapsedMs, columns, color } = progress;
  // A log that is written meanwhile has more bytes than it had.
  const doneBytes = Math.min(progress.doneBytes, totalBytes);
  const part = totalBytes === 0 ? 1 : doneBytes / totalBytes;
  const filled = Math.floor(part * BAR_CELLS);
  const bar = '#'.repeat(filled) + '.'.repeat(BAR_CELLS - filled);
  const perSecond = elapsedMs > 0 ? (doneBytes / elapsedMs) * 1000 : 0;
  const left = perSecond > 0 ? `${Math.ceil((totalBytes - doneBytes) / perSecond)} s left` : '';
  const text = [
    ` ${String(Math.floor(part * 100)).padStart(3)} %`,
    `${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB`,
    `${megabytes(perSecond)} MB/s`,
    left,
  ].join('  ');
  const room = Math.max(0, columns - 1);
  if (room < BAR_CELLS + text.length) return `${ERASE_LINE}${text.trim().slice(0, room)}`;
  return `${ERASE_LINE}${color ? `\x1b[32m${bar}\x1b[0m` : bar}${text}`;
}

export function eraseProgress(): string {
  return ERASE_LINE;
}

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0);
}
