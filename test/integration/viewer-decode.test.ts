// The thread that bodies are decoded on: what a bomb, a hang or a crowd may cost. Needs the built program.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Decoder, openDecoder } from '../../src/viewer/decode/decoder.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { sampleText, ZSTD_SAMPLES } from '../support/zstd-samples.ts';

const TASK = fileURLToPath(new URL('../../dist/viewer/decode/decode-task.js', import.meta.url));
const MB = 1024 * 1024;
const maxBytes = 4 * MB;
const TEXT = 'a text to read, '.repeat(1000);

let dir: TempDir;
let decoder: Decoder;
beforeEach(async () => {
  dir = await tempDir();
  decoder = openDecoder({ task: TASK });
});
afterEach(async () => {
  await decoder.close();
  await dir.close();
});

const ask = (bytes: Buffer, ...codings: string[]) => decoder.decode({ bytes, codings, maxBytes });

/** A task of the test's own in the place of the real one. */
async function openWith(body: string, maxMs = 3_000): Promise<void> {
  await decoder.close();
  const task = join(dir.path, 'task.mjs');
  await writeFile(task, `export async function decodeBytes(task) { ${body} }`);
  decoder = openDecoder({ task, maxMs });
}

describe('V-08: decoding bombs are bounded in a worker thread', () => {
  it('a body comes back as it was meant, of each coding', async () => {
    const [zstd] = ZSTD_SAMPLES;
    const cases: [Buffer, string, Buffer][] = [
      [gzipSync(TEXT), 'gzip', Buffer.from(TEXT)],
      [brotliCompressSync(TEXT), 'br', Buffer.from(TEXT)],
      [zstd?.coded ?? Buffer.alloc(0), 'zstd', sampleText(zstd?.length ?? 0)],
    ];
    for (const [bytes, coding, expected] of cases) {
      const decoded = await ask(bytes, coding);
      expect([coding, decoded?.bytes.equals(expected), decoded?.isCut]).toEqual([
        coding,
        true,
        false,
      ]);
    }
    expect(await ask(Buffer.from('plain'), 'gzip')).toBeNull();
  });

  it('bombs come back cut at their limits, and this event loop stands still at no time', async () => {
    const member = gzipSync(Buffer.alloc(16 * MB), { level: 9 });
    const bomb = Buffer.concat(Array.from({ length: 640 }, () => member));
    const bombs: [Buffer, string[]][] = [
      [bomb, ['gzip']],
      [gzipSync(bomb), ['gzip', 'gzip']],
      [brotliCompressSync(Buffer.alloc(64 * MB)), ['br']],
    ];
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    for (const [bytes, codings] of bombs) {
      const decoded = await ask(bytes, ...codings);
      const most = Math.min(maxBytes, Math.max(64 * 1024, 100 * bytes.length));
      expect(decoded?.bytes.length ?? 0).toBeLessThanOrEqual(most);
      expect(decoded?.isCut ?? true).toBe(true);
    }
    delay.disable();
    expect(delay.max / 1e6).toBeLessThan(200);
  });

  it('a task that never ends is ended with its thread, and the next body gets another', async () => {
    await openWith('if (task.codings[0] === "hang") for (;;); return null;', 300);
    const started = performance.now();
    expect(await ask(Buffer.alloc(1), 'hang')).toBeNull();
    expect(performance.now() - started).toBeLessThan(2_000);
    await openWith('if (task.codings[0] === "hang") for (;;); return { bytes: task.bytes };', 500);
    const both = await Promise.all([ask(Buffer.from('a'), 'hang'), ask(Buffer.from('b'), 'x')]);
    expect(both[0]).toBeNull();
    expect((await ask(Buffer.from('c'), 'x'))?.bytes.toString()).toBe('c');
  });

  it('a task that eats its heap ends alone', async () => {
    await openWith(
      'if (task.codings[0] !== "eat") return { bytes: task.bytes }; const all = []; for (;;) all.push({ n: [1, 2, 3] });',
    );
    expect(await ask(Buffer.alloc(1), 'eat')).toBeNull();
    expect((await ask(Buffer.from('c'), 'x'))?.bytes.toString()).toBe('c');
  });

  it('a crowd waits up to a number; beyond it a body is shown as on the wire', async () => {
    const noise = gzipSync(randomBytes(MB));
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(noise, 'gzip')));
    expect(answers.filter((answer) => answer !== null).length).toBeGreaterThan(0);
    expect(answers.filter((answer) => answer === null).length).toBeGreaterThan(30);
  });
});
