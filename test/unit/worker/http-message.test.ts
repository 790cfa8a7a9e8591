import { describe, expect, it } from 'vitest';
import { parseAuthority, type Target } from '../../../src/shared/host.ts';
import {
  clientHeaders,
  headerPairs,
  type RequestHead,
  readRequestHead,
  responseCapture,
  safeReasonPhrase,
  upstreamHeaders,
  valuesOf,
} from '../../../src/worker/http-message.ts';

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

function forwarded(headers: string[], options: Partial<RequestHead> = {}, method = 'GET') {
  const head: RequestHead = { target, path: '/', framing: { kind: 'none' }, ...options };
  return upstreamHeaders({ method, headers, head, scheme: 'https', agentSource: '' });
}

describe('upstreamHeaders()', () => {
  it('keeps order, case and duplicates, and puts Host into normal form in its place', () => {
    expect(forwarded(['X-B', '1', 'hOST', 'A.test.:443', 'x-b', '2', 'Accept', '*/*'])).toEqual([
      'X-B',
      '1',
      'hOST',
      'a.test',
      'x-b',
      '2',
      'Accept',
      '*/*',
    ]);
  });

  it('drops a nominated field in its own spelling', () => {
    const headers = [
      'Host',
      'a.test',
      'Connection',
      'X_Hop, x-other',
      'X_Hop',
      '1',
      'X_Other',
      '2',
    ];
    expect(forwarded(headers)).toEqual(['Host', 'a.test']);
  });

  it('drops what some servers take for a field of framing', () => {
    const spelled = ['Content_Length', '7', 'Transfer_Encoding', 'chunked', 'X_Fine', '1'];
    expect(forwarded(['Host', 'a.test', ...spelled])).toEqual(['Host', 'a.test', 'X_Fine', '1']);
  });

  it('drops hop-by-hop fields and what Connection nominates (RFC 9110 7.6.1)', () => {
    const sent = [
      ...['Host', 'a.test', 'Connection', 'close, X-Hop', 'X-Hop', '1', 'Keep-Alive', '5'],
      ...['Proxy-Authorization', 'Basic x', 'Proxy-Connection', 'close', 'TE', 'trailers'],
      ...['Upgrade', 'h2c', 'HTTP2-Settings', 'x', 'Expect', '100-continue', 'X-Kept', '1'],
    ];
    expect(forwarded(sent)).toEqual(['Host', 'a.test', 'X-Kept', '1']);
  });

  it('does not let Connection nominate away framing, host or credentials', () => {
    const sent = ['Host', 'a.test', 'Connection', 'Content-Length, Host, Authorization'];
    const list = forwarded([...sent, 'Authorization', 'Bearer x', 'Content-Length', '3'], {
      framing: { kind: 'length', bytes: 3 },
    });
    expect(list).toEqual(['Host', 'a.test', 'Authorization', 'Bearer x', 'Content-Length', '3']);
  });

  it.each<[string, RequestHead['framing'], string[]]>([
    ['GET', { kind: 'none' }, []],
    ['POST', { kind: 'none' }, ['Content-Length', '0']],
    ['GET', { kind: 'length', bytes: 4 }, ['Content-Length', '4']],
    ['DELETE', { kind: 'chunked' }, ['Transfer-Encoding', 'chunked']],
  ])('says the framing of %s %j itself', (method, framing, added) => {
    expect(forwarded(['Host', 'a.test'], { framing }, method)).toEqual([
      'Host',
      'a.test',
      ...added,
    ]);
  });

  it("names a port that is not the scheme's, and adds Host where HTTP/1.0 had none", () => {
    const other = parseAuthority('[::1]:8443', null) as Target;
    expect(forwarded([], { target: other })).toEqual(['Host', '[::1]:8443']);
  });

  it('overwrites X-Agent-Source for the identity host', () => {
    const head: RequestHead = { target, path: '/', framing: { kind: 'none' } };
    const headers = ['Host', 'a.test', 'x-agent-source', 'forged'];
    const request = {
      method: 'GET',
      headers,
      head,
      scheme: 'https',
      agentSource: '10.0.0.1',
    } as const;
    expect(upstreamHeaders(request)).toEqual(['Host', 'a.test', 'X-Agent-Source', '10.0.0.1']);
  });
});

describe('clientHeaders()', () => {
  it('keeps the order, but for a length that stands before a Content-Disposition', () => {
    const plain = ['Content-Length', '2', 'X-A', '1'];
    expect(clientHeaders(plain)).toEqual(plain);
    const before = ['Content-Disposition', 'inline', 'Content-Length', '2', 'X-A', '1'];
    expect(clientHeaders(before)).toEqual(before);
    const behind = ['X-B', '0', 'Content-Length', '2', 'Content-Disposition', 'inline', 'X-A', '1'];
    expect(clientHeaders(behind)).toEqual([
      ...behind.slice(0, 2),
      ...behind.slice(4),
      'Content-Length',
      '2',
    ]);
  });

  it('keeps what the upstream sent, without hop-by-hop fields, Alt-Svc and x-leash', () => {
    const sent = ['Set-Cookie', 'a', 'Connection', 'X-Hop', 'X-Hop', '1', 'alt-svc', 'h3=":443"'];
    expect(
      clientHeaders([
        ...sent,
        'X-Leash',
        'blocked',
        'Transfer-Encoding',
        'chunked',
        'Set-Cookie',
        'b',
      ]),
    ).toEqual(['Set-Cookie', 'a', 'Set-Cookie', 'b']);
  });
});

describe('responseCapture()', () => {
  it.each([
    ['text', 'text/html; charset=utf-8', null],
    ['text', 'application/json', null],
    ['text', 'application/problem+json', null],
    ['text', 'text/event-stream', null],
    ['text', 'application/x-ndjson', null],
    ['text', 'image/png', 'content_type'],
    ['text', 'application/octet-stream', 'content_type'],
    ['all', 'image/png', null],
    ['none', 'text/html', 'off'],
  ] as const)('mode %s, %s: %s', (mode, type, result) => {
    expect(responseCapture(mode, ['Content-Type', type])).toBe(result);
  });

  it('copies a response that names no type', () => {
    expect(responseCapture('text', [])).toBeNull();
  });
});

describe('small readers', () => {
  it('valuesOf() finds every spelling of a name', () => {
    expect(valuesOf(['A', '1', 'b', '2', 'a', '3'], 'a')).toEqual(['1', '3']);
  });

  it('headerPairs() keeps order and duplicates', () => {
    expect(headerPairs(['A', '1', 'a', '2'])).toEqual([
      ['A', '1'],
      ['a', '2'],
    ]);
  });

  it('safeReasonPhrase() drops a phrase that Node would refuse to write', () => {
    expect(safeReasonPhrase('Not Found')).toBe('Not Found');
    expect(safeReasonPhrase('O\u001b[2JK')).toBe('');
    expect(safeReasonPhrase(undefined)).toBe('');
  });
});
