import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { Inflater } from '../../../../src/worker/websocket/inflater.ts';

function setup(takeover = true) {
  const load = { streams: 0, waitingBytes: 0 };
  return { inflater: new Inflater({ takeover, load }), load };
}

/** As a sender does it, with what was said before. */
function deflate(text: Buffer | string, before: Buffer | string = ''): Buffer {
  const dictionary = Buffer.from(before);
  const flush = { finishFlush: constants.Z_SYNC_FLUSH };
  const wire = deflateRawSync(text, dictionary.length > 0 ? { ...flush, dictionary } : flush);
  return wire.subarray(0, -4);
}

const TEXT = 'what is said twice is said in few bytes the second time';

describe('Inflater', () => {
  it('inflates what comes in pieces of any size', () => {
    const { inflater } = setup();
    const wire = deflate(TEXT);
    for (const byte of wire) expect(inflater.hold(Buffer.from([byte]))).toBe(true);
    const held = inflater.release();
    expect(held.equals(wire)).toBe(true);
    expect(inflater.inflate(held)?.toString()).toBe(TEXT);
    expect(inflater.release()).toHaveLength(0);
  });

  it.each([
    ['an empty message', Buffer.from([0]), ''],
    ['the example of RFC 7692 7.2.3.1', Buffer.from('f248cdc9c90700', 'hex'), 'Hello'],
    [
      'a block without compression (7.2.3.3)',
      Buffer.from('000500faff48656c6c6f00', 'hex'),
      'Hello',
    ],
    ['a block that is the last (7.2.3.4)', Buffer.from('f348cdc9c9070000', 'hex'), 'Hello'],
    [
      'two blocks (7.2.3.5)',
      Buffer.from('f248050000 00ffffcac9c90700'.replace(' ', ''), 'hex'),
      'Hello',
    ],
  ])('inflates %s', (_name, wire, text) => {
    expect(setup().inflater.inflate(wire)?.toString()).toBe(text);
  });

  it('knows what was said before, as far back as deflate refers', () => {
    const { inflater } = setup();
    const noise = randomBytes(20_000);
    expect(inflater.inflate(deflate(noise))?.equals(noise)).toBe(true);
    let said = noise;
    for (let n = 0; n < 50; n += 1) {
      const text = Buffer.concat([noise.subarray(n * 100, n * 100 + 300), Buffer.from(`${n}`)]);
      const wire = deflate(text, said.subarray(-32 * 1024));
      if (said.length < 30_000) expect(wire.length).toBeLessThan(text.length);
      expect(inflater.inflate(wire)?.equals(text)).toBe(true);
      said = Buffer.concat([said, text]);
    }
  });

  it('does not guess: what refers to a message that was not seen is not inflated', () => {
    const { inflater } = setup();
    expect(inflater.inflate(deflate(TEXT, TEXT))).toBeNull();
    // Neither where something else was seen since, but not enough of it.
    expect(inflater.inflate(deflate('x'))?.toString()).toBe('x');
    expect(inflater.inflate(deflate(TEXT, `${TEXT}${'y'.repeat(50)}x`))).toBeNull();
    // What stands for itself is inflated again, and what builds on it.
    expect(inflater.inflate(deflate(TEXT))?.toString()).toBe(TEXT);
    expect(inflater.inflate(deflate(TEXT, TEXT))?.toString()).toBe(TEXT);
    inflater.forget();
    expect(inflater.inflate(deflate(TEXT, TEXT))).toBeNull();
  });

  it('remembers nothing where messages stand for themselves', () => {
    const { inflater } = setup(false);
    expect(inflater.inflate(deflate(TEXT))?.toString()).toBe(TEXT);
    expect(inflater.inflate(deflate(TEXT, TEXT))).toBeNull();
  });

  it.each([
    ['bytes that are no deflate', Buffer.alloc(20, 0xff)],
    [
      'more behind a last block than some programs read',
      Buffer.concat([deflateRawSync(TEXT), deflate(TEXT)]),
    ],
  ])('does not inflate %s', (_name, wire) => {
    expect(setup().inflater.inflate(wire)).toBeNull();
  });

  // Invariant: what is held, and the work, are bounded by LIMITS, whatever a message claims or unfolds to.
  it('holds no more of a message than its limit, and of all messages together', () => {
    const { inflater, load } = setup();
    const piece = Buffer.alloc(64 * 1024);
    let held = 0;
    while (inflater.hold(piece)) held += piece.length;
    expect(held).toBe(LIMITS.decodeWaitingBytes);
    expect(load.waitingBytes).toBe(held - LIMITS.captureHeldBytes);
    load.waitingBytes = LIMITS.decodeWaitingTotalBytes;
    const other = new Inflater({ takeover: true, load });
    expect(other.hold(Buffer.alloc(LIMITS.captureHeldBytes + 1))).toBe(false);
    expect(other.hold(piece)).toBe(true);
    expect(other.hold(Buffer.alloc(1))).toBe(false);
    expect(inflater.release()).toHaveLength(held);
    expect(load.waitingBytes).toBeLessThan(LIMITS.decodeWaitingTotalBytes);
    expect(other.hold(Buffer.alloc(1))).toBe(true);
  });

  it('does not unfold a message beyond its limit', () => {
    const { inflater } = setup();
    const most = Buffer.alloc(LIMITS.inflatedBytes);
    for (let at = 0; at < most.length; at += 1000) randomBytes(100).copy(most, at);
    expect(inflater.inflate(deflate(most))?.length).toBe(most.length);
    const more = Buffer.concat([most, Buffer.from('x')]);
    expect(setup().inflater.inflate(deflate(more))).toBeNull();
  });

  it('does not work for bombs: what unfolds beyond the ratio stays as it is', () => {
    const { inflater } = setup(false);
    const bomb = deflate(Buffer.alloc(LIMITS.inflatedBytes / 8));
    const wires = Array.from({ length: 200 }, () => inflater.inflate(bomb));
    const unfolded = wires.reduce((sum, plain) => sum + (plain?.length ?? 0), 0);
    const bound = LIMITS.decodeFreeBytes + bomb.length * 200 * LIMITS.decodeRatio;
    expect(unfolded).toBeLessThanOrEqual(bound);
    expect(wires.at(-1)).toBeNull();
    // Text is inflated all the same.
    expect(inflater.inflate(deflate(TEXT))?.toString()).toBe(TEXT);
  });
});
