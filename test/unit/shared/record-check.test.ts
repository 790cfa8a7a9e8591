import { describe, expect, it } from 'vitest';
import { checkMembers, MemberNames } from '../../../src/shared/record-check.ts';

const ALLOWED = new MemberNames(['a', 'b', 'req_headers', 'body']);

function check(text: string | Buffer): string | null {
  return checkMembers(Buffer.from(text as string), ALLOWED);
}

describe('checkMembers() takes', () => {
  it.each([
    ['"a":"x"'],
    ['"a":1,"b":-0.5e-7'],
    ['"a":true,"b":null'],
    ['"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"'],
    ['"a":"grün € 😀"'],
    ['"a":"\u00a0\u2027\u202a"'],
    ['"req_headers":[["Host","a.test"],["Accept","*/*"]]'],
    ['"a":[],"b":{}'],
    ['"a":{"b":[1,2,{"c":""}]}'],
    ['"a":1.7976931348623157e+308'],
  ])('%s', (text) => {
    expect(check(text)).toBeNull();
    expect(() => JSON.parse(`{${text}}`)).not.toThrow();
  });
});

describe('checkMembers() refuses', () => {
  // Invariant: what passes here cannot end a line, name a field of the primary's, or hide from a reader.
  it.each([
    ['no members', ''],
    ['a name of the primary', '"seq":1'],
    ['a name that hides behind an escape', '"\\u0061":1'],
    ['a name twice', '"a":1,"a":2'],
    ['a newline', '"a":"x"\n'],
    ['a newline inside a string', '"a":"x\ny"'],
    ['a second record', '"a":"x"}\n{"seq":1'],
    ['the end of the object', '"a":"x"}'],
    ['a NUL', '"a":"\0"'],
    ['DEL', '"a":"\u007f"'],
    ['a C1 control', '"a":"\u009b31m"'],
    ['a line separator', '"a":"\u2028"'],
    ['a paragraph separator', '"a":"\u2029"'],
    ['an open string', '"a":"x'],
    ['an open list', '"a":[1'],
    ['an open object', '"a":{"b":1'],
    ['a comma at the end', '"a":1,'],
    ['a comma at the end of a list', '"a":[1,]'],
    ['a comma at the end of an object', '"a":{"b":1,}'],
    ['blanks', '"a": 1'],
    ['no value', '"a":'],
    ['a leading zero', '"a":01'],
    ['NaN', '"a":NaN'],
    ['half a word', '"a":tru'],
    ['an unknown escape', '"a":"\\x"'],
    ['half an escape', '"a":"\\u12"'],
    ['an escape at the end', '"a":"\\'],
    ['a number that never ends', `"a":${'1'.repeat(400)}`],
    ['lists without end', `"a":${'['.repeat(100_000)}`],
    ['objects without end', `"a":${'{"b":'.repeat(100_000)}`],
    ['a long name', `"${'x'.repeat(100_000)}":1`],
    ['no name', '1'],
  ])('%s', (_name, text) => {
    expect(check(text)).not.toBeNull();
  });

  it('what is no UTF-8', () => {
    expect(check(Buffer.from([0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22]))).toBe('not UTF-8');
    // The overlong form of a newline.
    expect(check(Buffer.from([0x22, 0x61, 0x22, 0x3a, 0x22, 0xc0, 0x8a, 0x22]))).toBe('not UTF-8');
  });
});
