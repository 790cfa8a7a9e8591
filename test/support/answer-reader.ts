// Reads one answer off a connection, chunk by chunk: its head, and where it ends. For clients of a
// load, which ask one thing at a time and know that every answer says its length.

export class AnswerReader {
  status = 0;
  /** `x-leash` and `Retry-After`; empty where they are absent. */
  refusal = '';
  retryAfter = '';
  whole = false;
  /** The connection is of no more use. */
  closes = false;
  readonly #isTunnel: boolean;
  #head = '';
  #missing = -1;

  /** `isTunnel`: of CONNECT, so a 200 has no body. */
  constructor(isTunnel: boolean) {
    this.#isTunnel = isTunnel;
  }

  push(chunk: Buffer): void {
    if (this.#missing >= 0) this.#missing -= chunk.length;
    else {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#readHead(this.#head.slice(0, end + 2), this.#head.length - end - 4);
    }
    if (this.#missing < 0) throw new Error('An answer is longer than it says');
    this.whole = this.#missing === 0;
  }

  #readHead(head: string, bodyBytes: number): void {
    const field = (name: string) =>
      new RegExp(`\r\n${name}: *([^\r]*)\r`, 'i').exec(head)?.[1] ?? '';
    this.status = Number(head.slice(9, 12));
    this.refusal = field('x-leash');
    this.retryAfter = field('retry-after');
    this.closes = field('connection').toLowerCase() === 'close';
    const opensTunnel = this.#isTunnel && this.status === 200;
    this.#missing = (opensTunnel ? 0 : Number(field('content-length'))) - bodyBytes;
  }
}
