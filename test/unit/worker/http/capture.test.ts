import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FlowFields, Truncation } from '../../../../src/shared/audit-event.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { Capture } from '../../../../src/worker/http/capture.ts';
import { asRecorded } from '../../../support/as-recorded.ts';

const HELD = LIMITS.captureHeldBytes;

function setup(options: { limitBytes?: number; skip?: Truncation | null } = {}) {
  const state = { parts: [] as FlowFields[], nowMs: 1000, cut: null as Truncation | null };
  const capture = new Capture({
    dir: 'res',
    limitBytes: options.limitBytes ?? 1024 * 1024,
    coding: null,
    decoderLoad: { streams: 0, waitingBytes: 0 },
    skip: options.skip ?? null,
    mustCut: () => state.cut,
    emitPart: (fields) => state.parts.push(fields),
    now: () => state.nowMs,
  });
  return { capture, state };
}

function bytesOf(fields: FlowFields): Buffer {
  return Buffer.from(fields.body ?? '', fields.encoding ?? 'utf8');
}

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

describe('Capture', () => {
  it('puts a short text body into the record as text', () => {
    const { capture } = setup();
    capture.push(Buffer.from('{"ü":'));
    capture.push(Buffer.from('1}'));
    expect(capture.bytes).toBe(8);
    expect(asRecorded(capture.finish())).toEqual({
      res_body: '{"ü":1}',
      res_sha256: sha256(Buffer.from('{"ü":1}')),
    });
  });

  it('holds a body that comes byte by byte in little more than its bytes', () => {
    const captures = Array.from({ length: 100 }, () => setup().capture);
    const before = process.memoryUsage();
    for (let n = 0; n < 60_000; n += 1) {
      const byte = Buffer.from('x');
      for (const capture of captures) capture.push(byte);
    }
    const after = process.memoryUsage();
    const grown = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
    expect(grown).toBeLessThan(60 * 1024 * 1024);
    expect(captures[0]?.finish().res_body).toBe('x'.repeat(60_000));
  });

  it('says nothing of a body that was empty', () => {
    expect(asRecorded(setup().capture.finish())).toEqual({});
  });

  it('keeps bytes that are not UTF-8 bit for bit, as base64', () => {
    const { capture } = setup();
    const bytes = Buffer.from([0xff, 0xfe, 0, 1, 2]);
    capture.push(bytes);
    expect(asRecorded(capture.finish())).toMatchObject({
      res_body: bytes.toString('base64'),
      res_encoding: 'base64',
    });
  });

  it('keeps text that is mostly control characters as base64, which is shorter', () => {
    const { capture } = setup();
    capture.push(Buffer.from('\u0001\u0002\u0003x'));
    expect(asRecorded(capture.finish())).toMatchObject({ res_encoding: 'base64' });
    // DEL is escaped in the record, too: as text, a part of them would be longer than a record may be.
    const deletes = setup().capture;
    deletes.push(Buffer.alloc(HELD, 0x7f));
    expect(asRecorded(deletes.finish())).toMatchObject({ res_encoding: 'base64' });
    const log = setup().capture;
    log.push(Buffer.from('\u001b[31mred text that is long enough\u001b[0m'));
    expect(asRecorded(log.finish()).res_encoding).toBeUndefined();
  });

  it.each(['off', 'content_type'] as const)(
    'copies nothing when told "%s", but counts and hashes',
    (skip) => {
      const { capture } = setup({ skip });
      const bytes = Buffer.alloc(100_000, 7);
      capture.push(bytes);
      expect(asRecorded(capture.finish())).toEqual({
        res_truncated: skip,
        res_sha256: sha256(bytes),
      });
    },
  );

  // Invariant: nothing is cut silently: a shortened copy carries a mark, the full length and the SHA-256.
  it('marks a body beyond the limit, with the hash of all of it', () => {
    const { capture } = setup({ limitBytes: 10 });
    const bytes = Buffer.from('0123456789abc');
    capture.push(bytes);
    capture.push(Buffer.from('d'));
    expect(capture.bytes).toBe(14);
    expect(asRecorded(capture.finish())).toEqual({
      res_body: '0123456789',
      res_truncated: 'limit',
      res_sha256: sha256(Buffer.from('0123456789abcd')),
    });
  });

  it('does not mark a body of exactly the limit', () => {
    const { capture } = setup({ limitBytes: 10 });
    capture.push(Buffer.from('0123456789'));
    expect(asRecorded(capture.finish()).res_truncated).toBeUndefined();
  });

  it('stops copying, with a mark, when the pipe is full', () => {
    const { capture, state } = setup();
    capture.push(Buffer.from('first'));
    state.cut = 'backpressure';
    capture.push(Buffer.from('second'));
    state.cut = null;
    capture.push(Buffer.from('third'));
    expect(asRecorded(capture.finish())).toMatchObject({
      res_body: 'first',
      res_truncated: 'backpressure',
    });
  });

  it('gives up what it holds, with a mark, when the disk under the log is full', () => {
    const { capture, state } = setup();
    capture.push(Buffer.from('first'));
    state.cut = 'record_full';
    const fields = asRecorded(capture.finish());
    expect(fields).toMatchObject({ res_truncated: 'record_full', res_sha256: expect.any(String) });
    expect(fields.res_body).toBeUndefined();
    expect(capture.bytes).toBe(5);
    const empty = setup();
    empty.state.cut = 'record_full';
    expect(asRecorded(empty.capture.finish())).toEqual({});
  });

  it('sends what outgrows the held size as parts from offset 0 without a gap', () => {
    const { capture, state } = setup({ limitBytes: 5 * HELD });
    const body = Buffer.from('héllo wörld '.repeat(30_000));
    for (let at = 0; at < body.length; at += 10_007) capture.push(body.subarray(at, at + 10_007));
    const fields = asRecorded(capture.finish());
    expect(fields.res_body).toBeUndefined();
    expect(fields.res_parts).toBe(state.parts.length);
    let offset = 0;
    for (const part of state.parts) {
      expect(part.offset).toBe(offset);
      expect(part.encoding).toBeUndefined();
      expect(bytesOf(part).length).toBeLessThanOrEqual(HELD);
      offset += bytesOf(part).length;
    }
    const whole = Buffer.concat(state.parts.map(bytesOf));
    expect(whole.equals(body.subarray(0, 5 * HELD))).toBe(true);
  });

  it('sends a capture of exactly the held size inline', () => {
    const { capture, state } = setup();
    capture.push(Buffer.alloc(HELD, 0x61));
    expect(asRecorded(capture.finish()).res_body).toHaveLength(HELD);
    expect(state.parts).toEqual([]);
  });

  it.each(['é', '€', '😀'])('never cuts %s in two', (char) => {
    for (let before = 0; before < 4; before += 1) {
      const { capture, state } = setup();
      capture.push(Buffer.from('x'.repeat(before) + char.repeat(HELD)));
      capture.finish();
      expect(state.parts.every((part) => part.encoding === undefined)).toBe(true);
    }
  });

  it('sends what waited for 10 s, so that a slow stream can be read while it runs', () => {
    const { capture, state } = setup();
    capture.push(Buffer.from('data: 1\n\n'));
    state.nowMs += LIMITS.partAfterMs - 1;
    capture.sweep(state.nowMs);
    expect(state.parts).toEqual([]);
    state.nowMs += 1;
    capture.sweep(state.nowMs);
    expect(state.parts).toEqual([{ dir: 'res', offset: 0, body: 'data: 1\n\n' }]);
    capture.push(Buffer.from('data: 2\n\n'));
    expect(asRecorded(capture.finish())).toMatchObject({ res_parts: 2 });
    expect(state.parts[1]).toEqual({ dir: 'res', offset: 9, body: 'data: 2\n\n' });
  });

  it.each([
    ['its copy gives way', (state: { cut: unknown }) => (state.cut = 'backpressure')],
    ['ten seconds have passed', (state: { nowMs: number }) => (state.nowMs += 10_000)],
  ])('keeps no chunk for the hash where %s', (_when, happen) => {
    const { capture, state } = setup();
    const chunk = Buffer.from('first');
    const before = sha256(chunk);
    happen(state);
    capture.push(chunk);
    state.nowMs += 10_000;
    capture.sweep(state.nowMs);
    // What is still kept would be read when the hash is asked for.
    chunk.fill('x');
    expect(capture.finish().res_sha256).toBe(before);
  });

  it('spills what is held when the record would be too long with it', () => {
    const { capture, state } = setup();
    capture.push(Buffer.from('abc'));
    capture.spill();
    expect(asRecorded(capture.finish())).toMatchObject({ res_parts: 1 });
    expect(state.parts).toEqual([{ dir: 'res', offset: 0, body: 'abc' }]);
  });

  it('does not keep a large read buffer alive for a small view', () => {
    const { capture } = setup();
    const big = Buffer.alloc(65_536, 0x61);
    capture.push(big.subarray(0, 4));
    big.fill(0x62);
    expect(asRecorded(capture.finish()).res_body).toBe('aaaa');
  });
});
