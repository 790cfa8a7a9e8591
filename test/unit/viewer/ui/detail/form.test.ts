import { describe, expect, it } from 'vitest';
import type { Body } from '../../../../../src/viewer/store/capture-join.ts';
import { kindOf } from '../../../../../src/viewer/ui/detail/body/body-kind.ts';
import {
  boundaryOf,
  parseForm,
  parseMultipart,
} from '../../../../../src/viewer/ui/detail/body/form.ts';

describe('parseForm()', () => {
  it.each([
    [
      'a=1&b=x+y%21',
      [
        ['a', '1'],
        ['b', 'x y!'],
      ],
    ],
    [
      'a=1&a=2&flag&=v&',
      [
        ['a', '1'],
        ['a', '2'],
        ['flag', ''],
        ['', 'v'],
      ],
    ],
    [
      'bad=%zz&half=%e2%82',
      [
        ['bad', '%zz'],
        ['half', '%e2%82'],
      ],
    ],
    ['__proto__=x', [['__proto__', 'x']]],
    ['a=b=c', [['a', 'b=c']]],
    ['', []],
  ])('parseForm() reads %s', (text, expected) => {
    expect(parseForm(text).fields.map(({ name, value }) => [name, value])).toEqual(expected);
  });

  it('parseForm() ends at 2000 fields and says so', () => {
    const { fields, isCut } = parseForm('a=1&'.repeat(3000));
    expect({ length: fields.length, isCut }).toEqual({ length: 2000, isCut: true });
  });
});

describe('parseMultipart()', () => {
  const body =
    'preamble\r\n--XX\r\nContent-Disposition: form-data; name="text"\r\n\r\nline\r\n\r\nmore\r\n' +
    '--XX\r\ncontent-disposition: form-data; name="f"; filename="a \\"b\\".txt"\r\nContent-Type: text/plain\r\n\r\n\r\n' +
    '--XX--\r\n';

  it('parseMultipart() lists parts with name, file and content', () => {
    expect(parseMultipart(body, 'XX')).toMatchObject({
      isCut: false,
      parts: [
        { name: 'text', fileName: '', content: 'line\r\n\r\nmore' },
        { name: 'f', fileName: 'a "b".txt', type: 'text/plain', content: '' },
      ],
    });
  });

  it('parseMultipart() says where the text ends within a part', () => {
    expect(parseMultipart(body.slice(0, 70), 'XX')).toMatchObject({
      isCut: true,
      parts: [{ name: 'text' }],
    });
    expect(parseMultipart('--XX', 'XX')?.isCut).toBe(true);
    expect(parseMultipart('nothing', 'XX')).toBeNull();
    expect(parseMultipart('--', '')).toBeNull();
  });

  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; boundary="a b"; x=y', 'a b'],
    ['multipart/form-data', ''],
  ])('boundaryOf() of %s', (type, boundary) => expect(boundaryOf(type)).toBe(boundary));
});

describe('kindOf()', () => {
  const body = (text: string, encoding: Body['encoding'] = 'utf8') => ({ text, encoding }) as Body;

  it.each([
    ['{"a":1}', 'text/plain', 'json'],
    ['{"a":1}\n{"b":2}\n', '', 'lines'],
    ['{"a":1}\n', 'application/x-ndjson', 'lines'],
    ['{\n"a":1}', 'application/json', 'json'],
    ['data: x\n\n', 'text/event-stream', 'events'],
    ['event: a\ndata: x\n\n', '', 'events'],
    ['a=1&b=2', 'application/x-www-form-urlencoded', 'form'],
    ['{"a": 1}', 'application/x-www-form-urlencoded', 'json'],
    ['--X\r\n', 'multipart/form-data; boundary=X', 'multipart'],
    ['<html>', 'text/html', 'text'],
    ['plain', '', 'text'],
  ])('kindOf() of %j with %s is %s', (text, type, kind) => {
    expect(kindOf(body(text), type)).toBe(kind);
  });

  it('kindOf() of bytes is bytes', () => {
    expect(kindOf(body('AAE=', 'base64'), 'application/json')).toBe('bytes');
  });
});
