import { describe, expect, it } from 'vitest';
import { looksLikeJson, prettyJson } from '../../../../src/viewer/ui/detail/body/pretty-json.ts';

describe('prettyJson()', () => {
  it.each([
    '{}',
    '[]',
    '{"a":1,"b":[true,null,{"c":"d"}],"e":{},"f":[]}',
    '[[],[[]],{"a":{}}]',
    '"text"',
    '-1.5',
    '{"s":"a \\"quoted\\" {[,:]} text"}',
  ])('prettyJson() lays out %s as JSON.stringify() does', (text) => {
    expect(prettyJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
  });

  it.each([
    '{"a":1,"a":2}',
    '{"n":12345678901234567890.10}',
    '{"a":"cut in the mid',
    '{"a":[1,2',
    '{"a":"ends in a backslash\\',
    '}}]',
    '{"a" "b"}',
    '{"u":"\\u202e\\ud800"}',
    'a "b" c',
    '\u0000{',
  ])('prettyJson() adds only white space to %j', (text) => {
    const squeezed = (each: string) => each.replace(/\s/g, '');
    expect(squeezed(prettyJson(text))).toBe(squeezed(text));
  });

  it('prettyJson() keeps white space inside strings', () => {
    expect(prettyJson('{ "a b" : "c  d\\n" }')).toBe('{\n  "a b": "c  d\\n"\n}');
  });

  it('prettyJson() stays short and quick, however deep the text is', () => {
    const text = '['.repeat(50_000);
    expect(prettyJson(text).length).toBeLessThan(50_000 * 90);
  });

  it('prettyJson() is quick with a cut string of a megabyte', () => {
    const text = `{"a":"${'\\"'.repeat(500_000)}`;
    expect(prettyJson(text)).toHaveLength(text.length + 4);
  });
});

describe('looksLikeJson()', () => {
  it.each(['{}', ' [1', '{"a"', '\n{ "a": 1}', '[{', '[-1', '[true', '[', '{'])(
    'looksLikeJson() says yes to %j',
    (text) => expect(looksLikeJson(text)).toBe(true),
  );
  it.each(['', 'text', '<html>', '[section]', '{a:1}', '[note] x', '"a"', '7', '[-x'])(
    'looksLikeJson() says no to %j',
    (text) => expect(looksLikeJson(text)).toBe(false),
  );
});
