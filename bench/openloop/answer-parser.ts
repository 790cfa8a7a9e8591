// Bytes of an HTTP/1.1 answer → its head, its body piece by piece, its end. As little as the generator
// needs to know that an answer is whole and right; nothing is read from a body. Pure.

/** What `push` found: it wants more bytes, the answer is whole, or what is wrong with it. */
export type Progress = 'more' | 'whole' | { readonly problem: string };

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_CHUNK_LINE = 64;
const HEAD_END = '\r\n\r\n';
const LF = 10;

type Part = 'head' | 'body' | 'size' | 'data' | 'data-end' | 'trailer' | 'whole';

/** Reads one answer after the other; `onBody` gets each piece of a body as it comes. */
export class AnswerParser {
  readonly #onBody: (piece: Buffer) => void;
  #part: Part = 'head';
  #line = '';
  #left = 0;
  status = 0;
  /** The connection ends after this answer. */
  closes = false;
  bodyBytes = 0;

  constructor(onBody: (piece: Buffer) => void) {
    this.#onBody = onBody;
  }

  /** For the next answer on the same connection. */
  reset(): void {
    this.#part = 'head';
    this.#line = '';
    this.#left = 0;
    this.status = 0;
    this.bodyBytes = 0;
  }

  push(bytes: Buffer): Progress {
    let at = 0;
    while (at < bytes.length) {
      if (this.#part === 'whole') return { problem: 'bytes after the end of an answer' };
      const next = this.#step(bytes, at);
      if (typeof next !== 'number') return next;
      at = next;
    }
    return this.#part === 'whole' ? 'whole' : 'more';
  }

  /** Where it goes on. */
  #step(bytes: Buffer, at: number): number | { readonly problem: string } {
    if (this.#part === 'head') return this.#readHead(bytes, at);
    if (this.#part === 'body') return this.#readBody(bytes, at, 'whole');
    if (this.#part === 'data') return this.#readBody(bytes, at, 'data-end');
    const end = bytes.indexOf(LF, at);
    this.#line += bytes.toString('latin1', at, end === -1 ? bytes.length : end);
    if (this.#line.length > MAX_CHUNK_LINE) return { problem: 'a chunk line is too long' };
    if (end === -1) return bytes.length;
    const line = this.#line;
    this.#line = '';
    const problem = this.#takeLine(line);
    return problem === null ? end + 1 : { problem };
  }

  #takeLine(line: string): string | null {
    if (this.#part === 'size') {
      const size = /^([0-9a-f]{1,8})(?:;.*)?\r$/i.exec(line)?.[1];
      if (size === undefined) return `no chunk size: ${JSON.stringify(line)}`;
      this.#left = Number.parseInt(size, 16);
      this.#part = this.#left === 0 ? 'trailer' : 'data';
    } else if (this.#part === 'trailer') {
      if (line === '\r') this.#part = 'whole';
    } else {
      if (line !== '\r') return 'a chunk is longer than its size';
      this.#part = 'size';
    }
    return null;
  }

  #readBody(bytes: Buffer, at: number, then: Part): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.bodyBytes += end - at;
    if (this.#left === 0) this.#part = then;
    this.#onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }

  #readHead(bytes: Buffer, at: number): number | { readonly problem: string } {
    const before = this.#line.length;
    this.#line += bytes.toString('latin1', at, Math.min(bytes.length, at + MAX_HEAD_BYTES));
    const end = this.#line.indexOf(HEAD_END, Math.max(0, before - HEAD_END.length));
    if (end === -1) {
      return this.#line.length < MAX_HEAD_BYTES ? bytes.length : { problem: 'a head is too long' };
    }
    const head = this.#line.slice(0, end);
    this.#line = '';
    const problem = this.#begin(head);
    return problem === null ? at + end + HEAD_END.length - before : { problem };
  }

  #begin(head: string): string | null {
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status === undefined) return `no HTTP: "${head.slice(0, 40)}"`;
    // What comes before the answer itself.
    if (status.startsWith('1')) return null;
    this.status = Number(status);
    this.closes = /\r\nconnection: *close/i.test(head);
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#part = 'size';
      return null;
    }
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) return `status ${status} with a body of no length`;
    this.#left = Number(length);
    this.#part = this.#left === 0 ? 'whole' : 'body';
    return null;
  }
}
