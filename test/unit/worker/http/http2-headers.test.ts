import { describe, expect, it } from 'vitest';
import {
  headerObject,
  joinCookies,
  requestLineOf,
  requestObject,
} from '../../../../src/worker/http/http2-headers.ts';
import { goawayReason, resetReason } from '../../../../src/worker/http/http2-reset.ts';

describe('requestLineOf()', () => {
  it('takes the line from the pseudo-header fields, and keeps the list as received', () => {
    const headers = [
      ...[':method', 'POST', ':authority', 'a.test', ':scheme', 'https', ':path', '/x?y'],
      ...['accept', '*/*'],
    ];
    expect(requestLineOf(headers, false)).toEqual({
      method: 'POST',
      url: '/x?y',
      httpVersion: '2.0',
      headers,
      http2: { authority: 'a.test', scheme: 'https', isWhole: false },
    });
  });

  it('knows an absent authority from an empty one', () => {
    expect(requestLineOf([':method', 'GET'], true).http2?.authority).toBeUndefined();
    expect(requestLineOf([':authority', ''], true).http2?.authority).toBe('');
  });
});

describe('headerObject()', () => {
  it('has names in lower case, and what stands twice as a list', () => {
    const object = headerObject(['Set-Cookie', 'a=1', 'X-B', '1', 'set-cookie', 'b=2', 'x-b', '2']);
    expect({ ...object }).toEqual({ 'set-cookie': ['a=1', 'b=2'], 'x-b': ['1', '2'] });
  });

  it('joins what may stand once only', () => {
    expect({ ...headerObject(['ETag', '"a"', 'etag', '"b"']) }).toEqual({ etag: '"a", "b"' });
  });

  it('leaves out what concerns one connection, and pseudo-header fields', () => {
    const list = ['Connection', 'close', 'Keep-Alive', '5', 'Transfer-Encoding', 'chunked'];
    expect({ ...headerObject([...list, ':status', '200', 'upgrade', 'h2c', 'a', 'b']) }).toEqual({
      a: 'b',
    });
  });

  it('takes a name that objects have of their own for what it is', () => {
    expect(Object.keys(headerObject(['__proto__', 'x', 'constructor', 'y']))).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});

it('requestObject() starts with the pseudo-header fields and has no Host', () => {
  const pseudo = { method: 'GET', scheme: 'https', authority: 'a.test', path: '/' } as const;
  expect(Object.entries(requestObject(pseudo, ['Host', 'evil.test', 'A', 'b']))).toEqual([
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'a.test'],
    [':path', '/'],
    ['a', 'b'],
  ]);
});

describe('joinCookies()', () => {
  it('makes one field of several, in the place of the first (RFC 9113 8.2.3)', () => {
    expect(joinCookies(['a', '1', 'cookie', 'x=1', 'b', '2', 'Cookie', 'y=2'])).toEqual([
      ...['a', '1', 'cookie', 'x=1; y=2', 'b', '2'],
    ]);
  });

  it('leaves one as it is', () => {
    expect(joinCookies(['Cookie', 'x=1', 'b', '2'])).toEqual(['Cookie', 'x=1', 'b', '2']);
  });
});

it('resetReason() and goawayReason() name the codes of RFC 9113 7, and others by number', () => {
  expect([0, 7, 8, 11, 13, 99].map(resetReason)).toEqual([
    ...['reset no_error', 'reset refused_stream', 'reset cancel', 'reset enhance_your_calm'],
    ...['reset http_1_1_required', 'reset 99'],
  ]);
  expect([11, 99].map(goawayReason)).toEqual(['goaway enhance_your_calm', 'goaway 99']);
});
