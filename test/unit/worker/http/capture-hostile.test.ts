// Coded bodies that are made to cost: bombs, floods, bytes that come one by one, decoders that wait.

import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { FlowFields, Truncation } from '../../../../src/shared/audit-event.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { Capture } from '../../../../src/worker/http/capture.ts';
import type { Coding } from '../../../../src/worker/http/content-coding.ts';
import { asRecorded } from '../../../support/as-recorded.ts';
import { sampleText } from '../../../support/zstd-samples.ts';

const MIB = 1024 * 1024;

function setup({ coding = 'gzip' as Coding, limitBytes = MIB, load = freeLoad() } = {}) {
  const state = { parts: [] as FlowFields[], cut: null as Truncation | null };
  const capture = new Capture({
    dir: 'req',
    limitBytes,
    coding,
    decoderLoad: load,
    skip: null,
    mustCut: () => state.cut,
    emitPart: (fields) => state.parts.push(fields),
    now: () => 0,
  });
  const copy = (fields: FlowFields) => {
    const pieces = state.parts.map(({ body, encoding }) => Buffer.from(body ?? '', encoding));
    return Buffer.concat([...pieces, Buffer.from(fields.req_body ?? '', fields.req_encoding)]);
  };
  return { capture, state, load, copy };
}

function freeLoad() {
  return { streams: 0, waitingBytes: 0 };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Wire bytes that hardly compress, and what they say. */
function honest(length: number): { text: Buffer; wire: Buffer } {
  const lines = Array.from({ length: length / 32 }, (_, n) =>
    createHash('md5').update(String(n)).digest('hex'),
  );
  const text = Buffer.from(lines.join(''));
  return { text, wire: zlib.gzipSync(text) };
}

describe('Capture of a hostile body', () => {
  it.each([
    ['a comment', 16, Buffer.from('sk-secret\0')],
    ['a name', 8, Buffer.from('sk-secret\0')],
    ['a field of its own', 4, Buffer.concat([Buffer.from([9, 0]), Buffer.from('sk-secret')])],
  ])('keeps the wire of a gzip that says more than its content: %s', (_name, flag, more) => {
    const plain = zlib.gzipSync('ok'.repeat(400));
    const head = Buffer.from(plain.subarray(0, 10));
    head[3] = flag;
    const wire = Buffer.concat([head, more, plain.subarray(10)]);
    const { capture, copy } = setup();
    capture.push(wire);
    capture.close();
    const fields = asRecorded(capture.finish());
    expect(fields.req_decoded).toBeUndefined();
    expect(copy(fields).equals(wire)).toBe(true);
  });

  it.each([
    ['gzip', zlib.gzipSync(Buffer.alloc(64 * MIB))],
    [
      'br',
      zlib.brotliCompressSync(Buffer.alloc(64 * MIB), {
        params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 },
      }),
    ],
    ['deflate', zlib.deflateSync(Buffer.alloc(64 * MIB))],
  ] as const)('stops a %s bomb at the limit of a copy', async (coding, bomb) => {
    const { capture, copy, load } = setup({ coding });
    const started = performance.now();
    for (let at = 0; at < bomb.length; at += 65_536) {
      capture.push(bomb.subarray(at, at + 65_536));
      await nextTurn();
    }
    await capture.close();
    const fields = asRecorded(capture.finish());
    expect(fields).toMatchObject({ req_truncated: 'limit', req_decoded: coding });
    expect(copy(fields)).toHaveLength(MIB);
    expect(capture.bytes).toBe(bomb.length);
    expect(load).toEqual(freeLoad());
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('ends a bomb where it becomes more than 100 times as long, however much a copy may hold', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(20 * MIB));
    const { capture, copy } = setup({ limitBytes: 256 * MIB });
    for (let at = 0; at < bomb.length; at += 16_384) capture.push(bomb.subarray(at, at + 16_384));
    await capture.close();
    const fields = asRecorded(capture.finish());
    expect(fields).toMatchObject({ req_truncated: 'undecodable', req_decoded: 'gzip' });
    expect(copy(fields).length).toBeGreaterThan(LIMITS.decodeFreeBytes - 65_536);
    expect(copy(fields).length).toBeLessThan((bomb.length + 65_536) * LIMITS.decodeRatio);
  });

  it('decodes a short bomb beside the event loop, not on it', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(10 * MIB));
    expect(bomb.length).toBeLessThan(LIMITS.decodeNowBytes);
    const { capture, copy } = setup();
    capture.push(bomb);
    const closing = capture.close();
    expect(closing).not.toBeNull();
    await closing;
    const fields = asRecorded(capture.finish());
    expect(fields).toMatchObject({ req_truncated: 'limit', req_decoded: 'gzip' });
    expect(copy(fields)).toHaveLength(MIB);
  });

  it('decodes a body that comes byte by byte', async () => {
    const { text, wire } = honest(200_000);
    const { capture, copy } = setup();
    for (let at = 0; at < wire.length; at += 1) capture.push(Buffer.from([wire[at] ?? 0]));
    await capture.close();
    expect(copy(asRecorded(capture.finish())).equals(text)).toBe(true);
  });

  it('cuts the copy, with a mark, where the decoder cannot keep up', async () => {
    const { text, wire } = honest(4 * MIB);
    const { capture, state, load, copy } = setup({ limitBytes: 64 * MIB });
    capture.push(wire.subarray(0, 100_000));
    while (state.parts.length === 0) await nextTurn();
    // All in one turn, in which no decoder gives anything.
    for (let at = 100_000; at < wire.length; at += 65_536) {
      capture.push(wire.subarray(at, at + 65_536));
      expect(load.waitingBytes).toBeLessThan(2 * LIMITS.decodeWaitingBytes + 65_536);
    }
    await capture.close();
    const fields = asRecorded(capture.finish());
    expect(fields).toMatchObject({ req_truncated: 'backpressure', req_decoded: 'gzip' });
    expect(text.subarray(0, copy(fields).length).equals(copy(fields))).toBe(true);
    expect(fields.req_sha256).toBe(createHash('sha256').update(wire).digest('hex'));
  });

  it.each([
    ['streams', { streams: LIMITS.decodeStreams, waitingBytes: 0 }],
    ['waiting bytes', { streams: 0, waitingBytes: LIMITS.decodeWaitingTotalBytes }],
  ])('keeps the wire of a long body when the worker has too many %s', async (_what, load) => {
    const before = { ...load };
    const { wire } = honest(400_000);
    const { capture, copy } = setup({ load });
    for (let at = 0; at < wire.length; at += 65_536) capture.push(wire.subarray(at, at + 65_536));
    await capture.close();
    const fields = asRecorded(capture.finish());
    expect(copy(fields).equals(wire)).toBe(true);
    expect(fields.req_decoded).toBeUndefined();
    expect(fields.req_truncated).toBeUndefined();
    expect(load).toEqual(before);
  });

  it('stops the decoder when copies must give way, and sends no part from then on', async () => {
    const { wire } = honest(2 * MIB);
    const { capture, state, load } = setup({ limitBytes: 64 * MIB });
    capture.push(wire.subarray(0, 500_000));
    while (state.parts.length === 0) await nextTurn();
    state.cut = 'record_full';
    const sent = state.parts.length;
    while (load.streams > 0) await nextTurn();
    expect(state.parts).toHaveLength(sent);
    expect(capture.close()).toBeNull();
    const fields = asRecorded(capture.finish());
    expect(fields).toMatchObject({ req_truncated: expect.any(String), req_parts: sent });
    expect(load).toEqual(freeLoad());
  });

  it('ends without its decoder when nobody can wait for it', () => {
    const { wire } = honest(400_000);
    const { capture, load, copy } = setup();
    capture.push(wire.subarray(0, 100_000));
    // Nothing has come out: the wire's bytes are all there.
    const fields = asRecorded(capture.finish());
    expect(copy(fields).equals(wire.subarray(0, 100_000))).toBe(true);
    expect(fields.req_decoded).toBeUndefined();
    expect(load).toEqual(freeLoad());
    const short = setup();
    short.capture.push(zlib.gzipSync(sampleText(3000)));
    expect(asRecorded(short.capture.finish())).toMatchObject({ req_decoded: 'gzip' });
  });

  it('ends a slow stream as it is when its client is gone', async () => {
    const coder = zlib.createGzip();
    coder.write('data: 1\n\n');
    await new Promise<void>((resolve) => coder.flush(() => resolve()));
    const { capture, load } = setup();
    capture.push(coder.read());
    capture.sweep(LIMITS.partAfterMs);
    while (load.waitingBytes > 0) await nextTurn();
    expect(asRecorded(capture.finish())).toMatchObject({
      req_body: 'data: 1\n\n',
      req_decoded: 'gzip',
    });
    expect(asRecorded(capture.finish()).req_truncated).toBeUndefined();
  });

  it('waits a bounded time for a decoder', async () => {
    const { wire } = honest(200_000);
    const { capture, copy, load } = setup();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      capture.push(wire.subarray(0, LIMITS.decodeNowBytes + 1));
      const closing = capture.close();
      expect(closing).not.toBeNull();
      // In the same turn: nothing can have come out.
      vi.advanceTimersByTime(LIMITS.decodeCloseMs);
      await closing;
    } finally {
      vi.useRealTimers();
    }
    const fields = asRecorded(capture.finish());
    expect(copy(fields).equals(wire.subarray(0, LIMITS.decodeNowBytes + 1))).toBe(true);
    expect(fields.req_decoded).toBeUndefined();
    expect(load).toEqual(freeLoad());
  });

  it('says nothing of a body that was empty, whatever its label', () => {
    const { capture } = setup();
    expect(capture.close()).toBeNull();
    expect(asRecorded(capture.finish())).toEqual({});
  });
});
