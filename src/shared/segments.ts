// Names of segment files, and nothing else: `egress.jsonl` → `egress.<n>.jsonl`, n from 1, not
// padded, so order is by number, never by text. `LOG_PATH` itself is a symlink to the newest; where
// a regular file of an older program stood there, it is segment 0, which is not chained.

/** `egress.jsonl`, 7 → `egress.7.jsonl`. */
export function segmentName(logName: string, number: number): string {
  const { stem, extension } = splitName(logName);
  return `${stem}.${number}${extension}`;
}

/** A file name → its segment number (plain or compressed), or null when it is no segment. */
export function parseSegmentName(logName: string, fileName: string): number | null {
  const { stem, extension } = splitName(logName);
  const plain = fileName.endsWith('.gz') ? fileName.slice(0, -3) : fileName;
  if (!plain.startsWith(`${stem}.`) || !plain.endsWith(extension)) return null;
  const digits = plain.slice(stem.length + 1, plain.length - extension.length);
  return /^(0|[1-9][0-9]{0,9})$/.test(digits) ? Number(digits) : null;
}

/** File names of a folder → segment numbers, oldest first, each once. */
export function sortSegments(logName: string, fileNames: readonly string[]): number[] {
  const numbers = new Set<number>();
  for (const name of fileNames) {
    const number = parseSegmentName(logName, name);
    if (number !== null) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

/** `egress.jsonl` → `egress.checkpoints`: copies of the checkpoints, beside the log. */
export function checkpointFileName(logName: string): string {
  return `${splitName(logName).stem}.checkpoints`;
}

/** `egress.jsonl` → `egress.reserve`: space for the last records when the disk is full. */
export function reserveFileName(logName: string): string {
  return `${splitName(logName).stem}.reserve`;
}

function splitName(logName: string): { stem: string; extension: string } {
  const dot = logName.lastIndexOf('.');
  return dot > 0
    ? { stem: logName.slice(0, dot), extension: logName.slice(dot) }
    : { stem: logName, extension: '' };
}
