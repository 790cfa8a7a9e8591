import { describe, expect, it } from 'vitest';
import { parseAuthority, type Target } from '../../../../src/shared/host.ts';
import { readRequestHead } from '../../../../src/worker/http/request-head.ts';

const target = parseAuthority('a.test:443', null) as Target;

type Line = Partial<Parameters<typeof readRequestHead>[0]>;
function read(line: Line, tunnel: Target | null = target) {
  return readRequestHead(
    { method: 'GET', url: '/x?y', httpVersion: '1.1', headers: ['Host', 'a.test'], ...line },
    tunnel && { target: tunnel, scheme: 'https' },
  );
}

describe('readRequestHead() in a tunnel', () => {
  it.each<[string, Line, string]>([
    ['origin form', {}, '/x?y'],
    ['Host with the port', { headers: ['Host', 'A.test:443'] }, '/x?y'],
    ['no Host on HTTP/1.0', { httpVersion: '1.0', headers: [] }, '/x?y'],
    ['an absolute URI that names the same', { url: 'https://A.TEST/z' }, '/z'],
    ['OPTIONS *', { method: 'OPTIONS', url: '*' }, '*'],
  ])('takes %s', (_name, line, path) => {
    expect(read(line)).toMatchObject({ target, path });
  });

  it.each<[string, Line, number, string]>([
    ['another Host', { headers: ['Host', 'b.test'] }, 421, 'host_mismatch'],
    ['another port', { headers: ['Host', 'a.test:8443'] }, 421, 'host_mismatch'],
    ['another URI', { url: 'https://b.test/' }, 421, 'uri_mismatch'],
    ['another scheme than is spoken', { url: 'http://a.test:443/' }, 421, 'uri_mismatch'],
    ['two Hosts', { headers: ['Host', 'a.test', 'host', 'a.test'] }, 400, 'two_host_headers'],
    ['no Host', { headers: [] }, 400, 'no_host_header'],
    ['an unreadable Host', { headers: ['Host', 'good@evil'] }, 400, 'host_header'],
    ['HTTP/0.9', { httpVersion: '0.9' }, 400, 'http_version'],
    ['* without OPTIONS', { url: '*' }, 400, 'request_target'],
    ['an endless method', { method: 'X'.repeat(65) }, 400, 'method'],
    ['101 headers', { headers: Array(202).fill('a') }, 431, 'too_many_headers'],
  ])('refuses %s', (_name, line, status, reason) => {
    // Invariant: CONNECT target, SNI, Host and absolute URI agree, or the request is refused.
    const problem = read(line);
    expect(problem).toMatchObject({ status });
    expect('reason' in problem && problem.reason).toContain(reason);
  });

  it.each<[string, string[], string]>([
    ['xchunked', ['Transfer-Encoding', 'xchunked'], 'transfer_encoding'],
    ['gzip, chunked', ['Transfer-Encoding', 'gzip, chunked'], 'transfer_encoding'],
    [
      'two codings',
      ['Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked'],
      'transfer_enc',
    ],
    ['both framings', ['Transfer-Encoding', 'chunked', 'Content-Length', '1'], 'two_framings'],
    ['two lengths', ['Content-Length', '1', 'content-length', '1'], 'content_length'],
    ['a signed length', ['Content-Length', '+1'], 'content_length'],
  ])('refuses framing that two servers could read in two ways: %s', (_name, headers, reason) => {
    const problem = read({ headers: ['Host', 'a.test', ...headers] });
    expect(problem).toMatchObject({ status: 400 });
    expect('reason' in problem && problem.reason).toContain(reason);
  });

  it('refuses chunked on HTTP/1.0', () => {
    const headers = ['Host', 'a.test', 'Transfer-Encoding', 'chunked'];
    expect(read({ httpVersion: '1.0', headers })).toMatchObject({ status: 400 });
  });

  it.each([
    [['Content-Length', '5'], { kind: 'length', bytes: 5 }],
    [['Transfer-Encoding', 'Chunked'], { kind: 'chunked' }],
    [[], { kind: 'none' }],
  ])('reads the framing %j', (headers, framing) => {
    expect(read({ headers: ['Host', 'a.test', ...headers] })).toMatchObject({ framing });
  });
});

describe('readRequestHead() at the proxy itself', () => {
  it('takes an absolute http URI whose Host agrees', () => {
    const head = read({ url: 'http://a.test:81/p', headers: ['Host', 'a.test:81'] }, null);
    expect(head).toMatchObject({ path: '/p', target: { authority: 'a.test:81' } });
  });

  it.each<[string, Line, number, string]>([
    ['origin form', { url: '/' }, 400, 'not_an_absolute_uri'],
    ['https without CONNECT', { url: 'https://a.test/' }, 400, 'https_needs_connect'],
    ['a Host that differs', { url: 'http://b.test/' }, 421, 'host_mismatch'],
    ['userinfo', { url: 'http://u@a.test/' }, 400, 'not_an_absolute_uri'],
  ])('refuses %s', (_name, line, status, reason) => {
    const problem = read(line, null);
    expect(problem).toMatchObject({ status });
    expect('reason' in problem && problem.reason).toContain(reason);
  });
});

describe('readRequestHead() over HTTP/2', () => {
  const authority = 'a.test';
  const http2 = { authority, scheme: 'https', isWhole: true };
  const overHttp2 = (line: Line) => read({ httpVersion: '2.0', headers: [], http2, ...line });

  it.each<[string, Line]>([
    ['an authority', {}],
    ['an authority in another spelling', { http2: { ...http2, authority: 'A.test.:443' } }],
    ['an authority and the same Host', { headers: ['host', 'a.test'] }],
    ['a Host alone', { headers: ['host', 'a.test'], http2: { ...http2, authority: undefined } }],
  ])('takes %s', (_name, line) => {
    expect(overHttp2(line)).toEqual({ target, path: '/x?y', framing: { kind: 'none' } });
  });

  it.each<[string, Line, number, string]>([
    ['another authority', { http2: { ...http2, authority: 'b.test' } }, 421, 'host_mismatch'],
    ['another Host beside it', { headers: ['host', 'b.test'] }, 421, 'host_mismatch'],
    ['an empty authority', { http2: { ...http2, authority: '' } }, 400, 'host_header'],
    ['userinfo', { http2: { ...http2, authority: 'a.test@b.test' } }, 400, 'host_header'],
    ['no name at all', { http2: { ...http2, authority: undefined } }, 400, 'no_authority'],
    ['another scheme', { http2: { ...http2, scheme: 'http' } }, 421, 'scheme_mismatch'],
    ['CONNECT', { method: 'CONNECT', url: '' }, 400, 'nested_connect'],
    ['a method in lower case', { method: 'get' }, 400, 'method'],
    ['a method that is no word', { method: 'G T' }, 400, 'method'],
    ['an absolute URI as path', { url: 'https://a.test/' }, 400, 'request_target'],
    ['no path', { url: '' }, 400, 'request_target'],
    ['101 fields', { headers: Array(202).fill('a') }, 431, 'too_many_headers'],
    ['a head of 17 KiB', { headers: ['a', 'x'.repeat(17 * 1024)] }, 431, 'head_too_large'],
    ['two lengths', lengths('1', '2'), 400, 'content_length'],
    ['an expectation that is none', expecting('banana'), 417, 'expect'],
  ])('refuses %s', (_name, line, status, reason) => {
    const problem = overHttp2(line);
    expect(problem).toMatchObject({ status });
    expect('reason' in problem && problem.reason).toContain(reason);
  });

  it('is of unknown length where neither the head ends it nor a length is given', () => {
    const open = { ...http2, isWhole: false };
    expect(overHttp2({ http2: open })).toMatchObject({ framing: { kind: 'chunked' } });
    const headers = ['content-length', '5'];
    expect(overHttp2({ http2: open, headers })).toMatchObject({
      framing: { kind: 'length', bytes: 5 },
    });
  });

  it('knows who waits for a 100', () => {
    expect(overHttp2(expecting('100-Continue'))).toMatchObject({ expectsContinue: true });
  });

  it('is none outside of a tunnel', () => {
    const line = { httpVersion: '2.0', headers: [], http2 };
    expect(read(line, null)).toMatchObject({ status: 400 });
  });

  function lengths(...values: string[]): Line {
    const headers = values.flatMap((value) => ['content-length', value]);
    return { headers, http2: { ...http2, isWhole: false } };
  }
  function expecting(what: string): Line {
    return { headers: ['expect', what], http2: { ...http2, isWhole: false } };
  }
});
