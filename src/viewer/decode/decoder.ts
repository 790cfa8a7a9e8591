// The thread that hostile bodies are decoded on, one at a time: a bomb costs it, and never the event
// loop. Its heap is bounded, and one that does not come to its end is ended.
//
// Invariant: decoding bombs are bounded in a worker thread: size, ratio, time and memory.

import { Buffer } from 'node:buffer';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { Decoded } from './content-coding.ts';
import type { DecodeTask } from './decode-task.ts';

/** Never throws; null: it is not that, it took too long, or too many wait. */
export type Decode = (task: DecodeTask) => Promise<Decoded | null>;

export type Decoder = { readonly decode: Decode; close(): Promise<void> };

/** The task ends by itself after 200 ms: what is still there was stuck, or waited behind such ones. */
const MAX_MS = 3_000;
/** A thread is made with the first body and ends when there was none for a while. */
const IDLE_MS = 10_000;
/** Two for each row that is opened. */
const MAX_WAITING = 16;
/** Its own objects; the bytes lie outside and are bounded by what comes out. */
const MAX_HEAP_MB = 32;

const TASK = fileURLToPath(new URL('./decode-task.js', import.meta.url));

/** `task`: the compiled file, because a thread of Node 20 reads no TypeScript. */
export function openDecoder({ task = TASK, maxMs = MAX_MS } = {}): Decoder {
  const pool = new Piscina<DecodeTask, Decoded | null>({
    filename: task,
    name: 'decodeBytes',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: 8 },
    recordTiming: false,
  });
  let waiting = 0;
  return {
    async decode(input) {
      if (waiting >= MAX_WAITING) return null;
      waiting += 1;
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), maxMs);
      try {
        const decoded = await pool.run(input, { signal: controller.signal });
        return decoded && { ...decoded, bytes: viewOf(decoded.bytes) };
      } catch {
        // The row is shown with the bytes of the wire; the next body gets a new thread.
        return null;
      } finally {
        clearTimeout(timer);
        waiting -= 1;
      }
    },
    close: () => pool.destroy(),
  };
}

/** A buffer comes out of a thread as plain bytes. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
