import { describe, expect, it } from 'vitest';
import { parseAuthority, type Target } from '../../../../src/shared/host.ts';
import { headerPairs, valuesOf } from '../../../../src/worker/http/header-list.ts';
import {
  clientHeaders,
  forwardedTrailers,
  responseCapture,
  safeReasonPhrase,
  upstreamHeaders,
} from '../../../../src/worker/http/http-message.ts';
import type { RequestHead } from '../../../../src/worker/http/request-head.ts';

const target = parseAuthority('a.test:443', null) as Target;

function forwarded(
  headers: string[],
  options: Partial<RequestHead> = {},
  method = 'GET',
  hopToken = '',
) {
  const head: RequestHead = { target, path: '/', framing: { kind: 'none' }, ...options };
  return upstreamHeaders({ method, headers, head, scheme: 'https', agentSource: '', hopToken });
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

  it.each([
    ['content-LENGTH', '3', { kind: 'length', bytes: 3 }],
    ['Transfer-encoding', 'Chunked', { kind: 'chunked' }],
  ] as const)('says the framing where the client did: %s', (name, value, framing) => {
    const list = forwarded(['Host', 'a.test', name, value, 'X-Last', '1'], { framing }, 'POST');
    expect(list.filter((_, at) => at % 2 === 0)).toEqual(['Host', name, 'X-Last']);
    expect(list[3]).toBe(value.toLowerCase());
  });

  it('sends no field that says where a request comes from, and its own token where it is given one', () => {
    const claims = [
      'X-Forwarded-For',
      '1',
      'forwarded',
      'for=1',
      'X_Real_IP',
      '1',
      'True-Client-IP',
      '1',
    ];
    expect(forwarded(['Host', 'a.test', ...claims, 'Via', '1.0 x'])).toEqual([
      ...['Host', 'a.test', 'Via', '1.0 x'],
    ]);
    expect(forwarded(['Host', 'a.test'], {}, 'GET', 'leash-1')).toEqual([
      ...['Host', 'a.test', 'Via', '1.1 leash-1'],
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
      ...['Proxy-Authorization', 'Basic x', 'Proxy-Connection', 'close', 'TE', 'gzip;q=0.5'],
      ...['Upgrade', 'h2c', 'HTTP2-Settings', 'x', 'Expect', '100-continue', 'X-Kept', '1'],
    ];
    expect(forwarded(sent)).toEqual(['Host', 'a.test', 'X-Kept', '1']);
  });

  it('says anew that trailers are taken, and that a 100 is waited for', () => {
    const sent = ['Host', 'a.test', 'TE', 'gzip, trailers', 'Expect', '100-Continue'];
    const framing = { kind: 'length', bytes: 3 } as const;
    expect(forwarded(sent, { framing, expectsContinue: true }, 'POST')).toEqual([
      ...['Host', 'a.test', 'Content-Length', '3', 'TE', 'trailers', 'Expect', '100-continue'],
    ]);
  });

  it('has the length behind a Content-Disposition, of which Node takes other bytes only then', () => {
    const sent = ['Host', 'a.test', 'Content-Length', '3', 'Content-Disposition', 'a\xff'];
    const list = forwarded(sent, { framing: { kind: 'length', bytes: 3 } }, 'POST');
    expect(list.slice(2)).toEqual(['Content-Disposition', 'a\xff', 'Content-Length', '3']);
  });

  it('announces trailers only where they can follow', () => {
    const sent = ['Host', 'a.test', 'Trailer', 'X-T'];
    expect(forwarded(sent)).toEqual(['Host', 'a.test']);
    const framing = { kind: 'chunked' } as const;
    expect(forwarded(sent, { framing }, 'POST')).toContain('Trailer');
  });

  it('has no pseudo-header field of HTTP/2', () => {
    expect(forwarded([':authority', 'evil.test', ':path', '/', 'a', 'b'])).toEqual([
      ...['Host', 'a.test', 'a', 'b'],
    ]);
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
      hopToken: '',
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

describe('forwardedTrailers()', () => {
  it('keeps what may follow a body', () => {
    const list = ['Grpc-Status', '0', 'x-checksum', 'abc', 'x-checksum', 'def'];
    expect(forwardedTrailers(list)).toEqual(list);
  });

  it.each([
    ['a name that is none', ['a b', 'x']],
    ['an empty name', ['', 'x']],
    ['a value with an end of line', ['x', 'a\r\nb: c']],
    ['a value that is no bytes', ['x', 'a\u0416']],
  ])('drops what nobody could send: %s', (_name, pair) => {
    expect(forwardedTrailers([...pair, 'a', 'b'])).toEqual(['a', 'b']);
  });

  it.each([
    ...['Content-Length', 'transfer-encoding', 'Host', 'Authorization', 'Set-Cookie', 'Cookie'],
    ...['Connection', 'Alt-Svc', 'x-leash', 'X-Forwarded-For', 'Forwarded', ':status'],
    ...['Via', 'X-Agent-Source', 'X_Forwarded_For', 'Content_Length', 'x.agent.source'],
  ])('drops %s', (name) => {
    expect(forwardedTrailers([name, 'x', 'a', 'b'])).toEqual(['a', 'b']);
  });
});
