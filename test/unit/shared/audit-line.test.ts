import { describe, expect, it } from 'vitest';
import {
  formatJson,
  formatMembers,
  formatStamp,
  GENESIS,
  MAX_STAMP_BYTES,
  parseLine,
} from '../../../src/shared/audit-line.ts';

describe('formatJson()', () => {
  it('leaves no character that acts on a terminal or ends a line', () => {
    const every = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join('');
    const text = formatJson(every);
    expect(text).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
    expect(JSON.parse(text)).toBe(every);
  });

  it.each(['\u007f', '\u0085', '\u2028'])('nor does a long text with one %j in it', (char) => {
    const text = formatJson(`${'long "text" '.repeat(1000)}${char}`);
    expect(text).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
    expect(JSON.parse(text).at(-1)).toBe(char);
  });

  it('writes half a surrogate pair as an escape, so that the line stays UTF-8', () => {
    expect(formatJson('\ud800')).toBe('"\\ud800"');
  });
});

describe('formatMembers()', () => {
  it('leaves out what is zero or empty, keeps false and the order', () => {
    const members = formatMembers({
      a: 'x',
      b: '',
      c: 0,
      d: [],
      e: undefined,
      f: false,
      g: [['', '']],
    });
    expect(members).toBe('"a":"x","f":false,"g":[["",""]]');
  });

  it('joins parts, and lets no name out of its quotes', () => {
    const members = formatMembers({ a: 1 }, {}, { 'b":1,"c\u009b': 'x' });
    expect(JSON.parse(`{${members}}`)).toEqual({ a: 1, 'b":1,"c\u009b': 'x' });
    expect(members).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
  });

  it('gives nothing for nothing', () => {
    expect(formatMembers({})).toBe('');
  });
});

describe('formatStamp()', () => {
  it('stays below its bound with the longest values', () => {
    const stamp = formatStamp({
      seq: Number.MAX_SAFE_INTEGER,
      prev: GENESIS,
      tsSeconds: 99_999_999_999.999,
      event: 'audit_suspended',
      id: `${2 ** 31}-${2 ** 31}-${Number.MAX_SAFE_INTEGER}`,
    });
    expect(stamp.length + ',}\n'.length).toBeLessThanOrEqual(MAX_STAMP_BYTES);
    expect(parseLine(`${stamp}}`)).toMatchObject({ seq: Number.MAX_SAFE_INTEGER, prev: GENESIS });
  });
});

describe('parseLine()', () => {
  it.each(['', '{', 'null', '[]', '1', '"x"', '{"a":1}{'])('%s is no record', (text) => {
    expect(parseLine(text)).toBeNull();
  });
});
