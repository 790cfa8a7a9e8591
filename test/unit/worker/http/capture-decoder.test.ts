import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowFields, Truncation } from '../../../../src/shared/audit-event.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { Capture } from '../../../../src/worker/http/capture.ts';
import type { Coding } from '../../../../src/worker/http/content-coding.ts';
import { asRecorded } from '../../../support/as-recorded.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { sampleText, ZSTD_SAMPLES, zstdFrame } from '../../../support/zstd-samples.ts';

const MIB = 1024 * 1024;

function setup(coding: Coding, limitBytes = MIB) {
  const state = { parts: [] as FlowFields[], nowMs: 1000, cut: null as Truncation | null };
  const load = { streams: 0, waitingBytes: 0 };
  const capture = new Capture({
    dir: 'res',
    limitBytes,
    coding,
    decoderLoad: load,
    skip: null,
    mustCut: () => state.cut,
    emitPart: (fields) => state.parts.push(fields),
    now: () => state.nowMs,
  });
  /** The fields at the end, and the copy they and the parts make. */
  const end = async () => {
    await capture.close();
    const fields = asRecorded(capture.finish());
    const pieces = state.parts.map((part) => Buffer.from(part.body ?? '', part.encoding ?? 'utf8'));
    pieces.push(Buffer.from(fields.res_body ?? '', fields.res_encoding ?? 'utf8'));
    expect(load).toEqual({ streams: 0, waitingBytes: 0 });
    return { fields, copy: Buffer.concat(pieces) };
  };
  return { capture, state, load, end };
}

function pushAll(capture: Capture, bytes: Buffer, size = 65_536): void {
  for (let at = 0; at < bytes.length; at += size) capture.push(bytes.subarray(at, at + size));
}

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

/** As many bytes that hardly compress: each line is a number that comes once. */
function dense(length: number): Buffer {
  const lines: string[] = [];
  for (let n = 0, size = 0; size < length; n += 1) {
    const line = createHash('md5').update(String(n)).digest('hex');
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('').slice(0, length));
}

const SHORT = sampleText(3000);
const LONG = dense(300_000);
const coders: [Coding, (bytes: Buffer) => Buffer][] = [
  ['gzip', (bytes) => zlib.gzipSync(bytes)],
  [
    'br',
    (bytes) =>
      zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ],
  ['deflate', (bytes) => zlib.deflateSync(bytes)],
  ['deflate', (bytes) => zlib.deflateRawSync(bytes)],
  ['zstd', (bytes) => zstdFrame(bytes.length > 100_000 ? split(bytes, 100_000) : [bytes])],
];

function split(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

describe('Capture of a coded body', () => {
  it.each(coders)('has a readable copy of a short %s body, at once', (coding, encode) => {
    const { capture } = setup(coding);
    const wire = encode(SHORT);
    pushAll(capture, wire, 100);
    expect(capture.close()).toBeNull();
    expect(capture.bytes).toBe(wire.length);
    expect(asRecorded(capture.finish())).toEqual({
      res_body: SHORT.toString(),
      res_decoded: coding,
      res_sha256: sha256(wire),
    });
  });

  it.each(coders)('has a readable copy of a long %s body, in parts', async (coding, encode) => {
    const { capture, end } = setup(coding);
    const wire = encode(LONG);
    pushAll(capture, wire);
    const { fields, copy } = await end();
    expect(copy.equals(LONG)).toBe(true);
    expect(fields).toEqual({
      res_decoded: coding,
      res_parts: expect.any(Number),
      res_sha256: sha256(wire),
    });
  });

  it.each(coders)(
    'has what there is of a long %s body that was cut off',
    async (coding, encode) => {
      const { capture, end } = setup(coding);
      const wire = encode(LONG);
      pushAll(capture, wire.subarray(0, wire.length - 50_000));
      const { fields, copy } = await end();
      expect(fields.res_decoded).toBe(coding);
      expect(copy.length).toBeGreaterThan(100_000);
      expect(LONG.subarray(0, copy.length).equals(copy)).toBe(true);
    },
  );

  it('has the decoded bytes up to the limit, whatever the chunks, and the hash of the wire', async () => {
    const sizes = fc.constantFrom(10, 3000, 70_000, 250_000);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...coders),
        sizes,
        fc.constantFrom(0, 1, 2999, 3000, 100_000, MIB),
        fc.integer({ min: 1, max: 100_000 }),
        async ([coding, encode], length, limit, size) => {
          const body = LONG.subarray(0, length);
          const wire = encode(body);
          const { capture, end } = setup(coding, limit);
          pushAll(capture, wire, Math.max(size, wire.length / 1000));
          const { fields, copy } = await end();
          expect(copy.equals(body.subarray(0, limit))).toBe(true);
          expect(fields.res_truncated).toBe(length > limit ? 'limit' : undefined);
          expect(fields.res_sha256).toBe(sha256(wire));
          expect(capture.bytes).toBe(wire.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(coders)('shows each event of a slow %s stream while it runs', async (coding, _encode) => {
    const { capture, state, end } = setup(coding);
    const events = ['data: 1\n\n', 'data: 2\n\n'];
    for (const [at, chunk] of (await flushed(coding, _encode, events)).entries()) {
      capture.push(chunk);
      state.nowMs += LIMITS.partAfterMs;
      const sweep = () => {
        capture.sweep(state.nowMs);
        return state.parts.length > at;
      };
      await waitFor(sweep, { what: 'a part', everyMs: 1 });
    }
    expect(state.parts.map(({ body }) => body)).toEqual(events);
    expect((await end()).fields).toMatchObject({ res_decoded: coding, res_parts: 2 });
  });

  // Invariant: a copy that is not all of the body says so, also where a decoder is content.
  it.each(coders)('keeps the wire of a short body that says %s and is not', (coding, encode) => {
    const wires = [
      Buffer.from('a secret in plain text, with a label that is wrong'),
      Buffer.concat([encode(SHORT), Buffer.from('\0secret')]),
      Buffer.concat([encode(SHORT), Buffer.from('secret')]),
    ];
    for (const wire of wires) {
      const { capture } = setup(coding);
      capture.push(wire);
      expect(capture.close()).toBeNull();
      const fields = asRecorded(capture.finish());
      expect(Buffer.from(fields.res_body ?? '', fields.res_encoding ?? 'utf8')).toEqual(wire);
      expect(fields.res_decoded).toBeUndefined();
      expect(fields.res_truncated).toBeUndefined();
    }
  });

  it.each(coders)('keeps the wire of a long body that says %s and is text', async (coding) => {
    const { capture, state, end } = setup(coding);
    // Pushed before and after the decoder has noticed.
    pushAll(capture, LONG.subarray(0, 200_000), 10_000);
    await waitFor(() => state.parts.length > 0, { what: 'a part', everyMs: 1 });
    pushAll(capture, LONG.subarray(200_000));
    const { fields, copy } = await end();
    expect(copy.equals(LONG)).toBe(true);
    expect(fields.res_decoded).toBeUndefined();
    expect(fields.res_truncated).toBeUndefined();
  });

  it('keeps the wire where hardly anything of it is content: a long comment in a gzip head', async () => {
    for (const size of [5000, 50_000, 200_000, 3 * MIB]) {
      const comment = dense(size);
      const member = zlib.gzipSync('hello');
      member[3] = 16;
      const wire = Buffer.concat([
        member.subarray(0, 10),
        comment,
        Buffer.alloc(1),
        member.subarray(10),
      ]);
      expect(zlib.gunzipSync(wire).toString()).toBe('hello');
      const { capture, state, load, end } = setup('gzip', 4 * MIB);
      for (let at = 0; at < wire.length; at += 65_536) {
        capture.push(wire.subarray(at, at + 65_536));
        await waitFor(() => load.waitingBytes === 0, { what: 'the decoder', everyMs: 1 });
      }
      // Not all of it is kept until it ends.
      const isGivenUp = () => size < MIB || state.parts.length > 0;
      await waitFor(isGivenUp, { what: 'parts', everyMs: 1 });
      const { fields, copy } = await end();
      expect(copy.equals(wire)).toBe(true);
      expect(fields.res_decoded).toBeUndefined();
    }
  });

  it.each(coders)(
    'marks a %s stream that is damaged behind parts that have left',
    async (coding, encode) => {
      const { capture, state, end } = setup(coding);
      const wire = encode(LONG);
      const good = wire.subarray(0, wire.length - 50_000);
      pushAll(capture, good);
      await waitFor(() => state.parts.length > 0, { what: 'a part', everyMs: 1 });
      // Long enough for zstd, whose block of bytes as they were takes anything.
      pushAll(capture, zlib.deflateRawSync(dense(300_000).reverse()).reverse());
      const { fields, copy } = await end();
      expect(fields).toMatchObject({ res_decoded: coding, res_truncated: 'undecodable' });
      expect(copy.length).toBeGreaterThan(65_536);
      expect(LONG.subarray(0, 65_536).equals(copy.subarray(0, 65_536))).toBe(true);
    },
  );

  it.each(coders)(
    'marks what stands behind the end of a long %s stream',
    async (coding, encode) => {
      const { capture, end } = setup(coding);
      pushAll(capture, Buffer.concat([encode(LONG), Buffer.from('\0 a secret')]));
      const { fields, copy } = await end();
      expect(fields).toMatchObject({ res_decoded: coding, res_truncated: 'undecodable' });
      expect(copy.equals(LONG)).toBe(true);
    },
  );

  it('decodes each zstd sample as a stream', async () => {
    for (const { coded, length } of ZSTD_SAMPLES) {
      const { capture, end } = setup('zstd');
      pushAll(capture, coded, 1000);
      expect((await end()).copy.equals(sampleText(length))).toBe(true);
    }
  });
});

/** One chunk of wire for each event, as a server sends them that flushes. */
async function flushed(
  coding: Coding,
  encode: (bytes: Buffer) => Buffer,
  events: readonly string[],
): Promise<Buffer[]> {
  if (coding === 'zstd') {
    const [first = '', ...others] = events.map((event) => Buffer.from(event));
    const head = zstdFrame([Buffer.from(first)], { isOpen: true });
    return [head, ...others.map((piece) => zstdFrame([piece]).subarray(6))];
  }
  const isRaw = coding === 'deflate' && encode(Buffer.from('x'))[0] !== 0x78;
  const stream =
    coding === 'gzip'
      ? zlib.createGzip()
      : coding === 'br'
        ? zlib.createBrotliCompress()
        : isRaw
          ? zlib.createDeflateRaw()
          : zlib.createDeflate();
  const pieces: Buffer[] = [];
  for (const event of events) {
    stream.write(event);
    await new Promise<void>((resolve) => stream.flush(() => resolve()));
    pieces.push(stream.read());
  }
  return pieces;
}
