import { describe, expect, it } from 'vitest';
import { parseConnectAnswer } from '../../../../src/worker/upstream/proxy-hop.ts';

const parse = (text: string) => parseConnectAnswer(Buffer.from(text, 'latin1'));
const HEAD_BYTES = 16 * 1024;

describe('parseConnectAnswer()', () => {
  it.each([
    ['HTTP/1.1 200 Connection established\r\n\r\n', 200],
    ['HTTP/1.0 200 OK\r\nProxy-Agent: x/1\r\n\r\n', 200],
    ['HTTP/1.1 200 \r\n\r\n', 200],
    ['HTTP/1.1 200\r\n\r\n', 200],
    ['HTTP/1.1 299 \xe9t\xe9\r\nA:\r\nB: \t b\r\n\r\n', 299],
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 200],
    ['HTTP/1.1 407 Nope\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n', 407],
    ['HTTP/1.1 100 Continue\r\n\r\n', 100],
    ['HTTP/1.1 999 x\r\n\r\n', 999],
  ])('parseConnectAnswer() reads the status of %j', (text, status) => {
    expect(parse(text)).toEqual({ status, length: text.length });
  });

  it('parseConnectAnswer() says where the head ends, and looks no further', () => {
    const head = 'HTTP/1.1 200 OK\r\n\r\n';
    expect(parse(`${head}\0\xff\r\n\r\n`)).toEqual({ status: 200, length: head.length });
  });

  it('parseConnectAnswer() waits for each byte of a head', () => {
    const head = 'HTTP/1.1 200 OK\r\nVia: x\r\n\r\n';
    for (let at = 0; at < head.length; at += 1) expect(parse(head.slice(0, at))).toBeNull();
    expect(parse(head)).not.toBeNull();
  });

  it.each([
    'SSH-2.0-x\r\n',
    '\x16\x03\x01',
    ' HTTP/1.1 200 OK',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 +20 OK\r\n\r\n',
    'HTTP/1.1 200OK\r\n\r\n',
    'HTTP/1.1 200 O\0K\r\n\r\n',
    'HTTP/1.1 200 OK\nVia: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nVia\r\n\r\n',
    'HTTP/1.1 200 OK\r\nVia : x\r\n\r\n',
    'HTTP/1.1 200 OK\r\n: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nVia: x\r\n folded\r\n\r\n',
    'HTTP/1.1 200 OK\r\nVia: x\ry\r\n\r\n',
    'HTTP/1.1 200 OK\r\nVia: \x7f\r\n\r\n',
  ])('parseConnectAnswer() refuses %j', (text) => {
    expect(parse(text)).toEqual({ problem: 'no HTTP' });
  });

  it('parseConnectAnswer() takes a head of the limit and not a byte more, whole or endless', () => {
    const start = 'HTTP/1.1 200 OK\r\nX: ';
    const filled = (bytes: number) => `${start}${'x'.repeat(bytes - start.length - 4)}\r\n\r\n`;
    expect(parse(filled(HEAD_BYTES))).toEqual({ status: 200, length: HEAD_BYTES });
    expect(parse(filled(HEAD_BYTES + 1))).toEqual({ problem: 'head too large' });
    expect(parse(start + 'x'.repeat(HEAD_BYTES - 1 - start.length))).toBeNull();
    const endless = start + 'x'.repeat(HEAD_BYTES - start.length);
    expect(parse(endless)).toEqual({ problem: 'head too large' });
  });
});
