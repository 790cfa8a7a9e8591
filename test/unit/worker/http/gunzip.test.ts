import { once } from 'node:events';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { GunzipStream, gunzipNow } from '../../../../src/worker/http/gunzip.ts';
import { gzipMember } from '../../../support/hidden-bytes.ts';

/** What a stream gives for these chunks, and how much of them it read; an error's message. */
async function streamed(chunks: readonly Buffer[]) {
  const stream = new GunzipStream(1000);
  const pieces: Buffer[] = [];
  let problem = '';
  stream.on('data', (bytes: Buffer) => pieces.push(bytes));
  stream.on('error', (error) => {
    problem = error.message;
  });
  for (const chunk of chunks) {
    if (stream.destroyed) break;
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.write(chunk, () => resolve());
    });
  }
  const closed = stream.destroyed ? Promise.resolve() : once(stream, 'close').catch(() => {});
  stream.end();
  await closed;
  return { bytes: Buffer.concat(pieces), problem, read: stream.bytesWritten };
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

describe('gunzip', () => {
  it('gives what all members say, whatever the chunks, as zlib does', async () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 5000 }), async (pieces, size) => {
        const wire = Buffer.concat(pieces.map((piece) => zlib.gzipSync(piece)));
        const plain = Buffer.concat(pieces);
        expect(zlib.gunzipSync(wire).equals(plain)).toBe(true);
        expect(gunzipNow(wire, 20_000)).toEqual(plain);
        const result = await streamed(cut(wire, size));
        expect(result).toEqual({ bytes: plain, problem: '', read: wire.length });
      }),
      { numRuns: 50 },
    );
  });

  it('gives each piece before the next write is done', async () => {
    const coder = zlib.createGzip();
    const stream = new GunzipStream(1000);
    const pieces: string[] = [];
    stream.on('data', (bytes: Buffer) => pieces.push(bytes.toString()));
    for (const said of ['one', 'two', 'three']) {
      coder.write(said);
      await new Promise<void>((resolve) => coder.flush(() => resolve()));
      await new Promise<void>((resolve) => stream.write(coder.read(), () => resolve()));
      expect(pieces.at(-1)).toBe(said);
    }
    stream.destroy();
  });

  it('gives what there is where it is cut, and counts no head or end that is not whole', async () => {
    const wire = Buffer.concat([gzipMember('first'), gzipMember('second')]);
    const first = gzipMember('first').length;
    for (let length = 0; length <= wire.length; length += 1) {
      const { bytes, problem, read } = await streamed([wire.subarray(0, length)]);
      expect(problem).toBe('');
      expect('firstsecond'.startsWith(bytes.toString())).toBe(true);
      const isInHead = (length > 0 && length < 10) || (length > first && length < first + 10);
      const isInEnd = [first, wire.length].some((end) => length < end && length > end - 8);
      expect(read < length).toBe(isInHead || isInEnd);
    }
  });

  it.each([
    ['a content that is damaged', (wire: Buffer) => wire.fill(0xff, 12, 14)],
    ['another hash', (wire: Buffer) => wire.fill(1, wire.length - 8, wire.length - 4)],
    ['another length', (wire: Buffer) => wire.fill(1, wire.length - 4)],
    ['another method', (wire: Buffer) => wire.fill(7, 2, 3)],
    ['a reserved flag', (wire: Buffer) => wire.fill(0x20, 3, 4)],
    // As they stand here, they could be read as content, too.
    ...[2, 4, 8, 16].map((flag): [string, (wire: Buffer) => Buffer] => [
      `the flag ${flag} of a field`,
      (wire) => wire.fill(flag, 3, 4),
    ]),
  ])('refuses %s', async (_what, damage) => {
    const wire = Buffer.concat([gzipMember('first'), damage(gzipMember('second, and longer'))]);
    const now = () => gunzipNow(wire, 1000);
    expect(Buffer.isBuffer(caught(now))).toBe(false);
    const { bytes, problem } = await streamed(cut(wire, 7));
    expect(problem).not.toBe('');
    expect(bytes.subarray(0, 5).toString()).toBe('first');
  });

  it('refuses more members than an honest body has, and leaves many to the stream', async () => {
    const one = gzipMember('x');
    const most = Buffer.concat(Array.from({ length: LIMITS.decodeMembers }, () => one));
    expect(gunzipNow(most, 100_000)).toBe('longer');
    expect((await streamed([most])).bytes).toHaveLength(LIMITS.decodeMembers);
    expect((await streamed([most, one])).problem).toMatch(/not gzip/);
  });
});

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
