// How many segments there are, and what they take. A compressed one is not changed any more, so it is
// looked at once, however often somebody asks. Reads names and sizes, never contents.

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseSegmentName } from '../../shared/segments.ts';

export type SegmentTotals = {
  readonly plain: number;
  readonly compressed: number;
  readonly bytes: number;
};

export class SegmentSizes {
  readonly #logPath: string;
  /** Of compressed segments that exist. */
  #known = new Map<string, number>();

  constructor(logPath: string) {
    this.#logPath = logPath;
  }

  /** Null: the folder cannot be read. */
  async read(): Promise<SegmentTotals | null> {
    const folder = dirname(this.#logPath);
    const names = await readdir(folder).catch(() => null);
    if (names === null) return null;
    const known = new Map<string, number>();
    let plain = 0;
    let bytes = 0;
    for (const name of names) {
      if (parseSegmentName(basename(this.#logPath), name) === null) continue;
      const size = this.#known.get(name) ?? (await sizeOf(join(folder, name)));
      // It was compressed or deleted meanwhile.
      if (size === null) continue;
      bytes += size;
      if (name.endsWith('.gz')) known.set(name, size);
      else plain += 1;
    }
    this.#known = known;
    return { plain, compressed: known.size, bytes };
  }
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
