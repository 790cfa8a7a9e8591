import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMembers } from '../../src/shared/audit-line.ts';
import { checkMembers } from '../../src/shared/record-check.ts';

const ANY = { begin() {}, see: () => 'new' as const };
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string())),
);

describe('checkMembers()', () => {
  it('takes whatever formatMembers() makes', () => {
    const name = fc.stringMatching(/^[a-z_]{1,12}$/);
    fc.assert(
      fc.property(fc.dictionary(name, value, { minKeys: 1 }), (fields) => {
        const text = formatMembers(fields);
        fc.pre(text !== '');
        expect(checkMembers(Buffer.from(text), ANY)).toBeNull();
      }),
    );
  });

  it('never throws, and takes only what JSON.parse takes as one object in one line', () => {
    const piece = fc.constantFrom(
      '"a"',
      ':',
      ',',
      '1',
      '-',
      '.',
      'e',
      '[',
      ']',
      '{',
      '}',
      '"',
      '\\',
      'u',
      '\n',
      ' ',
      'é',
      '\u2028',
      'null',
    );
    const bytes = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''))),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
    );
    fc.assert(
      fc.property(bytes, (members) => {
        if (checkMembers(members, ANY) !== null) return;
        const text = `{${members}}`;
        expect(JSON.parse(text)).toBeTypeOf('object');
        expect(text).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
      }),
      { numRuns: 2000 },
    );
  });
});
