// Checkpoints that are kept beside the log or far from it: what the log must still hold, byte for
// byte. Pure: whoever calls reads the files. Whether the log holds them is segment-check.ts's to see.
//
// Invariant: a kept line accuses the log only where its own signature fits.

import { readCheckpoint } from '../../shared/checkpoint.ts';
import { firstFrom, type KnownLines, shareLines } from './known-lines.ts';
import type { Problem } from './segment-report.ts';

type ExportedLine = {
  readonly seq: number;
  readonly bytes: Buffer;
  readonly file: string;
  readonly offset: number;
};

export type Exported = {
  /** By number. */
  readonly lines: readonly ExportedLine[];
  readonly known: KnownLines;
  /** The first line of each file that is no checkpoint. */
  readonly problems: readonly Problem[];
};

const SEQ = /^\{"seq":([1-9]\d{0,14}),"prev":"[0-9a-f]{64}","ts":[0-9.]+,"event":"checkpoint",/;
const NEWLINE = 0x0a;

/** Files of checkpoint lines → what is in them. Half a line at the end is what a crash or a copy leaves. */
export function readExported(
  files: readonly { readonly name: string; readonly bytes: Buffer }[],
): Exported {
  const lines: ExportedLine[] = [];
  const problems: Problem[] = [];
  for (const { name: file, bytes } of files) {
    let problem: Problem | null = null;
    for (let offset = 0; offset < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, offset);
      if (newline < 0) break;
      const line = bytes.subarray(offset, newline);
      const seq = Number(SEQ.exec(line.toString('latin1', 0, 192))?.[1] ?? 0);
      if (seq > 0) lines.push({ seq, bytes: line, file, offset });
      else problem ??= notACheckpoint({ seq, file, offset });
      offset = newline + 1;
    }
    if (problem !== null) problems.push(problem);
  }
  lines.sort((a, b) => a.seq - b.seq);
  return { lines, known: shareLines(lines), problems };
}

/** What is wrong with a kept line itself, that is not in the log; null: its signature fits. */
export function checkLine(line: ExportedLine): Problem | null {
  return readCheckpoint(line.bytes) === null ? notACheckpoint(line) : null;
}

/** The first kept lines from a number on, up to and without another one. */
export function* linesBetween(
  exported: Exported,
  from: number,
  to = Infinity,
): Generator<ExportedLine> {
  for (let at = firstFrom(exported.known, from); at < exported.lines.length; at += 1) {
    const line = exported.lines[at];
    if (line === undefined || line.seq >= to) return;
    yield line;
  }
}

function notACheckpoint(place: Pick<ExportedLine, 'seq' | 'file' | 'offset'>): Problem {
  const what = 'a line of this file is no checkpoint, or its signature does not fit';
  return { outcome: 'damaged', seq: place.seq, file: place.file, offset: place.offset, what };
}
