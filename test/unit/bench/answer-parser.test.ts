import { describe, expect, it } from 'vitest';
import { AnswerParser, type Progress } from '../../../bench/openloop/answer-parser.ts';

const SIZED = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX: y\r\n\r\nhello world';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5;x=y\r\nworld\r\n0\r\nT: v\r\n\r\n';
const INFORMED = `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${SIZED}`;

describe('AnswerParser', () => {
  it.each([
    ['a length', SIZED],
    ['chunks, with an extension and a trailer', CHUNKED],
    ['an informational answer before', INFORMED],
  ])('reads a body with %s, wherever the bytes are cut', (_, text) => {
    for (let size = 1; size <= text.length; size += 1) {
      const { parser, body } = reader();
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      const progress = pieces.map((piece) => parser.push(Buffer.from(piece)));
      expect(progress.pop()).toBe('whole');
      expect(new Set<Progress>(progress)).toEqual(new Set(progress.length > 0 ? ['more'] : []));
      expect(body()).toBe('hello world');
      expect(parser).toMatchObject({ status: 200, bodyBytes: 11, closes: false });
    }
  });

  it('reads one answer after the other on a connection', () => {
    const { parser, body } = reader();
    expect(parser.push(Buffer.from(CHUNKED))).toBe('whole');
    parser.reset();
    expect(parser.push(Buffer.from(SIZED))).toBe('whole');
    expect(body()).toBe('hello worldhello world');
    expect(parser.bodyBytes).toBe(11);
  });

  it('knows an answer without a body, another status, and the last one of a connection', () => {
    const { parser } = reader();
    const head = 'HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
    expect(parser.push(Buffer.from(head))).toBe('whole');
    expect(parser).toMatchObject({ status: 403, bodyBytes: 0, closes: true });
  });

  it.each([
    ['no HTTP', 'SSH-2.0-x\r\n\r\n'],
    ['a body of no length', 'HTTP/1.1 200 OK\r\n\r\nx'],
    ['bytes after the end', `${SIZED}!`],
    ['no chunk size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n'],
    ['longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n'],
    ['head is too long', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`],
    [
      'chunk line is too long',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(99)}`,
    ],
  ])('says what is wrong: %s', (problem, text) => {
    const progress = reader().parser.push(Buffer.from(text));
    expect(progress).toMatchObject({ problem: expect.stringContaining(problem) });
  });
});

function reader() {
  const pieces: Buffer[] = [];
  const parser = new AnswerParser((piece) => pieces.push(Buffer.from(piece)));
  return { parser, body: () => Buffer.concat(pieces).toString() };
}
