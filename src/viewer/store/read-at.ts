// Bytes of a file at a place. A disk that cannot read a place is no reason to show nothing at all: such
// a place reads as the end of what there is, and whoever asked sees that it got less.

import type { FileHandle } from 'node:fs/promises';

/** Up to `length` bytes; fewer at the end of the file and where the disk cannot read on. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const bytesRead = await readSome(file, block, filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return block.subarray(0, filled);
}

async function readSome(file: FileHandle, block: Buffer, offset: number, position: number) {
  try {
    return (await file.read(block, offset, block.length - offset, position)).bytesRead;
  } catch {
    return 0;
  }
}
