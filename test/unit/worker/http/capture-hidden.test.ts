// Coded bodies that say more than what comes out of a decoder: it is on the record, or a mark is.

import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FlowFields } from '../../../../src/shared/audit-event.ts';
import { Capture } from '../../../../src/worker/http/capture.ts';
import type { Coding } from '../../../../src/worker/http/content-coding.ts';
import { asRecorded } from '../../../support/as-recorded.ts';
import {
  brotliWithMetadata,
  deflateWithEmptyBlocks,
  gzipMember,
  skippableFrame,
} from '../../../support/hidden-bytes.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { sampleText, zstdFrame } from '../../../support/zstd-samples.ts';

const SECRET = 'sk-secret-of-an-agent';

function setup(coding: Coding) {
  const parts: FlowFields[] = [];
  const load = { streams: 0, waitingBytes: 0 };
  const capture = new Capture({
    dir: 'req',
    limitBytes: 1024 * 1024,
    coding,
    decoderLoad: load,
    skip: null,
    mustCut: () => null,
    emitPart: (fields) => parts.push(fields),
    now: () => 0,
  });
  const copyOf = (last: FlowFields) => {
    const pieces = parts.map(({ body, encoding }) => Buffer.from(body ?? '', encoding));
    return Buffer.concat([...pieces, Buffer.from(last.req_body ?? '', last.req_encoding)]);
  };
  return { capture, load, copyOf };
}

/** Compresses a lot, so that what hides is short beside what comes out. */
const SHORT = sampleText(8000);
/** More than what may still be taken back as it was. */
const LONG = Buffer.from(Array.from({ length: 40_000 }, (_, n) => `${n * 7919}\n`).join(''));

/** Something behind coded content, that is coded itself or is not. */
const hidden: readonly [what: string, coding: Coding, behind: Buffer][] = [
  ['a comment of a later gzip member', 'gzip', gzipMember('', 16, `${SECRET}\0`)],
  ['a file name of a later gzip member', 'gzip', gzipMember('more', 8, `${SECRET}\0`)],
  ['a field of a later gzip member', 'gzip', gzipMember('more', 4, `\x15\0${SECRET}`)],
  ['a hash of the head of a gzip member', 'gzip', gzipMember('more', 2, 'sk')],
  ['a gzip head that is not whole', 'gzip', Buffer.from('1f8b0800736b2d31', 'hex')],
  ['the end of a gzip member that is not whole', 'gzip', gzipMember('x').subarray(0, -3)],
  [
    'the length of a gzip member',
    'gzip',
    Buffer.concat([gzipMember('x').subarray(0, -3), Buffer.from('sk-')]),
  ],
  ['a later zstd frame to skip', 'zstd', skippableFrame(SECRET)],
  [
    'a zstd frame to skip between others',
    'zstd',
    Buffer.concat([skippableFrame(SECRET), zstdFrame([SHORT])]),
  ],
  ['the beginning of a zstd frame to skip', 'zstd', skippableFrame(SECRET).subarray(0, 6)],
  ['less than a zstd frame begins with', 'zstd', Buffer.from('sk-')],
  [
    'a zstd block that is not whole',
    'zstd',
    zstdFrame([Buffer.from(SECRET.repeat(9))]).subarray(0, -1),
  ],
  ['text behind a deflate stream', 'deflate', Buffer.from(SECRET)],
  ['text behind a br stream', 'br', Buffer.from(SECRET)],
];

function encode(coding: Coding, content: Buffer): Buffer {
  if (coding === 'gzip') return zlib.gzipSync(content);
  if (coding === 'deflate') return zlib.deflateSync(content);
  if (coding === 'br') return zlib.brotliCompressSync(content, QUICK);
  const count = Math.ceil(content.length / 100_000);
  return zstdFrame(
    Array.from({ length: count }, (_, at) => content.subarray(at * 100_000, (at + 1) * 100_000)),
  );
}

const QUICK = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };

describe('Capture of a coded body that hides bytes', () => {
  // Invariant: a copy that is not all of the body says so, also where a decoder is content.
  it.each(hidden)('keeps the wire where nothing has left: %s', (_what, coding, behind) => {
    const wire = Buffer.concat([encode(coding, SHORT), behind]);
    const { capture, copyOf } = setup(coding);
    capture.push(wire);
    capture.close();
    const fields = asRecorded(capture.finish());
    expect(copyOf(fields).equals(wire)).toBe(true);
    expect(fields.req_decoded).toBeUndefined();
    expect(fields.req_truncated).toBeUndefined();
  });

  it.each(hidden)('marks a copy of which pieces have left: %s', async (_what, coding, behind) => {
    const wire = Buffer.concat([encode(coding, LONG), behind]);
    for (const isStopped of [false, true]) {
      const { capture, load, copyOf } = setup(coding);
      for (let at = 0; at < wire.length; at += 65_536) capture.push(wire.subarray(at, at + 65_536));
      await waitFor(() => load.waitingBytes === 0, { what: 'the decoder', everyMs: 1 });
      if (!isStopped) await capture.close();
      const fields = asRecorded(capture.finish());
      expect(fields).toMatchObject({ req_decoded: coding, req_truncated: 'undecodable' });
      expect(fields.req_sha256).toBe(createHash('sha256').update(wire).digest('hex'));
      expect(copyOf(fields).subarray(0, LONG.length).equals(LONG)).toBe(true);
      expect(load).toEqual({ streams: 0, waitingBytes: 0 });
    }
  });

  it('keeps the wire where it is longer than its content, also where nobody waits for an end', async () => {
    const wire = deflateWithEmptyBlocks('ok', 20_000);
    expect(zlib.inflateRawSync(wire, { finishFlush: 2 }).toString()).toBe('ok');
    for (const isStopped of [false, true]) {
      const { capture, load, copyOf } = setup('deflate');
      capture.push(wire);
      await waitFor(() => load.waitingBytes === 0, { what: 'the decoder', everyMs: 1 });
      if (!isStopped) await capture.close();
      const fields = asRecorded(capture.finish());
      expect(copyOf(fields).equals(wire)).toBe(true);
      expect(fields.req_decoded).toBeUndefined();
    }
  });

  it('keeps the wire of br with more metadata than content', () => {
    const wire = brotliWithMetadata(SECRET.repeat(10), 'short');
    expect(zlib.brotliDecompressSync(wire).toString()).toBe('short');
    const { capture, copyOf } = setup('br');
    capture.push(wire);
    capture.close();
    const fields = asRecorded(capture.finish());
    expect(copyOf(fields).equals(wire)).toBe(true);
    expect(copyOf(fields).toString('latin1')).toContain(SECRET);
  });

  it('decodes members and frames that say nothing but their content', async () => {
    const cases: [Coding, Buffer][] = [
      ['gzip', Buffer.concat([gzipMember(SHORT), gzipMember(''), gzipMember(SHORT, 1)])],
      ['zstd', Buffer.concat([zstdFrame([SHORT]), zstdFrame([SHORT])])],
    ];
    for (const [coding, wire] of cases) {
      const { capture, copyOf } = setup(coding);
      capture.push(wire);
      await capture.close();
      const fields = asRecorded(capture.finish());
      expect(fields.req_decoded).toBe(coding);
      expect(copyOf(fields).equals(Buffer.concat([SHORT, SHORT]))).toBe(true);
    }
  });
});
