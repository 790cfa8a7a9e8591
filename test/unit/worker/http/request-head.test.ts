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
