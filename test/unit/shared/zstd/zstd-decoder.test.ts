import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZstdDecoder } from '../../../../src/shared/zstd/zstd-decoder.ts';
import { skippableFrame } from '../../../support/hidden-bytes.ts';
import { sampleText, ZSTD_SAMPLES, zstdFrame } from '../../../support/zstd-samples.ts';

/** All that comes out, in pieces of `size` bytes; 'corrupt' where it says so. */
function decode(bytes: Buffer, size = bytes.length, maxSteps = 100_000): Buffer | 'corrupt' {
  const decoder = new ZstdDecoder();
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    decoder.push(bytes.subarray(at, at + size));
    for (let steps = 0; steps < maxSteps; steps += 1) {
      const step = decoder.step();
      if (step === 'corrupt') return step;
      if (step === null) break;
      pieces.push(step);
    }
  }
  return Buffer.concat(pieces);
}

/** A frame with a window of 128 KiB (17) or 2 to another power, of blocks that are given whole. */
function frame(
  blocks: readonly { type: number; size: number; body: number[] }[],
  log = 17,
): Buffer {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3];
  for (const [at, { type, size, body }] of blocks.entries()) {
    const header = (size << 3) | (type << 1) | (at === blocks.length - 1 ? 1 : 0);
    bytes.push(header & 255, (header >> 8) & 255, header >> 16, ...body);
  }
  return Buffer.from(bytes);
}

const repeated = (value: number, size: number) => ({ type: 1, size, body: [value] });

describe('ZstdDecoder', () => {
  it.each(ZSTD_SAMPLES)('decodes what the zstd program made: $name', ({ length, coded }) => {
    const text = sampleText(length);
    for (const size of [coded.length, 7, 1]) {
      expect(Buffer.compare(Buffer.from(decode(coded, size)), text)).toBe(0);
    }
  });

  it('decodes several frames one behind the other', () => {
    const [sample] = ZSTD_SAMPLES;
    const coded = sample?.coded ?? Buffer.alloc(0);
    const text = sampleText(sample?.length ?? 0);
    const all = Buffer.concat([coded, coded]);
    expect(decode(all)).toEqual(Buffer.concat([text, text]));
    expect(decode(all, 5)).toEqual(Buffer.concat([text, text]));
  });

  it('gives each block as soon as it is there', () => {
    const decoder = new ZstdDecoder();
    const [first = '', second = ''] = ['data: 1\n\n', 'data: 2\n\n'];
    const all = zstdFrame([Buffer.from(first), Buffer.from(second)]);
    decoder.push(all.subarray(0, 6 + 3 + first.length));
    expect(decoder.step()).toHaveLength(0);
    expect(decoder.step()?.toString()).toBe(first);
    expect(decoder.step()).toBeNull();
    decoder.push(all.subarray(6 + 3 + first.length));
    expect(decoder.step()?.toString()).toBe(second);
  });

  it('gives what there is of a body that was cut off', () => {
    for (const { length, coded } of ZSTD_SAMPLES) {
      const text = sampleText(length);
      const half = decode(coded.subarray(0, coded.length / 2));
      expect(half).not.toBe('corrupt');
      expect(text.subarray(0, half.length).equals(Buffer.from(half))).toBe(true);
    }
  });

  it.each<[string, Buffer]>([
    ['text', Buffer.from('this is no zstd at all')],
    ['a window of 16 MiB, which RFC 9659 forbids', frame([repeated(97, 10)], 24)],
    ['a block longer than a block may be', frame([repeated(97, 128 * 1024 + 1)])],
    ['a block of the reserved type', frame([{ type: 3, size: 1, body: [0] }])],
    ['a dictionary', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x38, 1, 0x0b, 0, 0, 97])],
    ['a frame to skip', Buffer.concat([skippableFrame('secret'), frame([repeated(97, 10)])])],
    ['one behind another', Buffer.concat([frame([repeated(97, 10)]), skippableFrame('')])],
    // 11 bytes, of which 10 come out.
    ['another length than it says', Buffer.from('28b52ffd200b53000061', 'hex')],
    ['text behind the end', Buffer.concat([frame([repeated(97, 10)]), Buffer.from('secret')])],
    ['a block without sequences or an end', frame([{ type: 2, size: 2, body: [0x08, 97] }])],
    // One literal, one sequence that copies from before the first byte.
    [
      'a copy from before the beginning',
      frame([{ type: 2, size: 9, body: [0x09, 97, 1, 0x54, 0, 10, 0, 0, 4] }]),
    ],
  ])('refuses %s', (_what, bytes) => {
    expect(decode(bytes)).toBe('corrupt');
  });

  // Invariant: a block costs no more than its bytes and the 128 KiB that may come out.
  it('stands still for no block, whatever it says of its own length', () => {
    // 98,047 sequences that copy 65,539 bytes each: minutes for a decoder that obeys.
    const body = [0x09, 97, 255, 255, 255, 0x54, 0, 0, 52, 1, 1, 1, 0x80];
    const hostile = frame([{ type: 2, size: body.length, body }]);
    expect(hostile).toHaveLength(22);
    const started = performance.now();
    expect(decode(hostile)).toBe('corrupt');
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('moves a large window once in a while, not for each tiny block', () => {
    // 8 MiB are full when the tiny ones begin; to move them for each would take a minute.
    const full = Array.from({ length: 64 }, () => repeated(98, 128 * 1024));
    const tiny = Array.from({ length: 50_000 }, () => repeated(97, 1));
    const started = performance.now();
    const decoded = decode(frame([...full, ...tiny], 23), undefined, 200_000);
    expect(decoded).toHaveLength(8 * 1024 * 1024 + 50_000);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('gives some bytes or a refusal for any bytes, and never more than a block in a step', () => {
    const sample = fc.constantFrom(...ZSTD_SAMPLES);
    const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(
        sample,
        fc.array(change, { minLength: 1, maxLength: 4 }),
        ({ coded }, changes) => {
          const bytes = Buffer.from(coded);
          for (const [at, mask] of changes) {
            const place = at % bytes.length;
            bytes[place] = (bytes[place] ?? 0) ^ mask;
          }
          const decoder = new ZstdDecoder();
          decoder.push(bytes);
          for (
            let step = decoder.step();
            step !== null && step !== 'corrupt';
            step = decoder.step()
          ) {
            expect(step.length).toBeLessThanOrEqual(128 * 1024);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
