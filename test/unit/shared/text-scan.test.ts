import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countControls } from '../../../src/shared/text-scan.ts';

describe('countControls()', () => {
  it('counts what a regular expression counts, wherever the bytes begin and end', () => {
    const byte = fc.oneof(
      fc.constantFrom(0, 8, 9, 10, 11, 13, 31, 32, 126, 127, 128, 255),
      fc.nat(255),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 40 }), fc.nat(7), (list, from) => {
        const bytes = Buffer.concat([Buffer.alloc(from), Buffer.from(list)]).subarray(from);
        const text = bytes.toString('latin1');
        const controls = text.match(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g)?.length ?? 0;
        expect(countControls(bytes)).toBe(controls);
      }),
    );
  });
});
