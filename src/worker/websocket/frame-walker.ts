// Where the frames of one direction begin and end (RFC 6455 5.2), whatever the chunks they come in.
// Takes the mask off, holds no payload and judges nothing: whether a frame may be is not asked here.

/** The longest head: two bytes, a length of eight, a mask of four. */
const MAX_HEAD_BYTES = 14;
const WORTH_BYTES = 256;

export type FrameHead = {
  /** FIN, three reserved bits, opcode. */
  readonly first: number;
  readonly masked: boolean;
  /** Of the payload; beyond 2^53 not exact. */
  readonly length: number;
  readonly raw: Buffer;
};

export type FrameHandler = {
  /** A frame begins; false: neither this nor what follows is one, and the walk ends. */
  onHead(head: FrameHead): boolean;
  /** The next bytes of its payload, unmasked; they may be a view into the chunk. */
  onPayload(bytes: Buffer): void;
  onEnd(): void;
};

export class FrameWalker {
  readonly #handler: FrameHandler;
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES);
  #headBytes = 0;
  /** Payload bytes of the frame that are still to come. */
  #left = 0;
  #masked = false;
  readonly #mask = Buffer.alloc(4);
  /** The mask as it falls on the next bytes; the same as one word. */
  readonly #turned = new Uint8Array(4);
  readonly #turnedWord = new Uint32Array(this.#turned.buffer);
  /** Payload bytes so far, modulo four: where in the mask the next one stands. */
  #phase = 0;
  #stopped = false;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Between two frames: a frame of one's own could stand here. */
  get atBoundary(): boolean {
    return this.#headBytes === 0 && this.#left === 0 && !this.#stopped;
  }

  /** The bytes of a head that is not whole. */
  get pendingHead(): Buffer {
    return Buffer.from(this.#head.subarray(0, this.#headBytes));
  }

  /** Walks on; gives how many bytes of the chunk were walked: all, unless the walk ended. */
  push(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      at = this.#left > 0 ? this.#readPayload(chunk, at) : this.#readHead(chunk, at);
    }
    return at;
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    const bytes = chunk.subarray(at, end);
    this.#left -= bytes.length;
    this.#handler.onPayload(this.#masked ? this.#unmask(bytes) : bytes);
    if (this.#left === 0) this.#handler.onEnd();
    return end;
  }

  #readHead(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length) {
      this.#head[this.#headBytes] = chunk[at] ?? 0;
      this.#headBytes += 1;
      at += 1;
      if (this.#headBytes >= 2 && this.#headBytes === headLength(this.#head[1] ?? 0)) {
        this.#onHead();
        break;
      }
    }
    return at;
  }

  #onHead(): void {
    const raw = this.pendingHead;
    const second = raw[1] ?? 0;
    this.#headBytes = 0;
    this.#masked = second >= 0x80;
    if (this.#masked) raw.copy(this.#mask, 0, raw.length - 4);
    this.#phase = 0;
    const length = payloadLength(raw, second & 0x7f);
    this.#stopped = !this.#handler.onHead({
      first: raw[0] ?? 0,
      masked: this.#masked,
      length,
      raw,
    });
    if (this.#stopped) return;
    this.#left = length;
    if (length === 0) this.#handler.onEnd();
  }

  /** Into a copy: the bytes themselves are on their way to the other side. */
  #unmask(bytes: Buffer): Buffer {
    const plain = Buffer.from(bytes);
    const phase = this.#phase;
    this.#phase = (phase + bytes.length) & 3;
    const mask = this.#turned;
    for (let at = 0; at < 4; at += 1) mask[at] = this.#mask[(at + phase) & 3] ?? 0;
    // Four bytes at a time, where that is worth it: masks cost more than hashes otherwise.
    const wordCount = plain.length < WORTH_BYTES ? 0 : plain.length >> 2;
    if (wordCount > 0) {
      const [word = 0] = this.#turnedWord;
      const words = new Uint32Array(plain.buffer, plain.byteOffset, wordCount);
      for (let at = 0; at < wordCount; at += 1) words[at] = (words[at] ?? 0) ^ word;
    }
    for (let at = wordCount * 4; at < plain.length; at += 1) {
      plain[at] = (plain[at] ?? 0) ^ (mask[at & 3] ?? 0);
    }
    return plain;
  }
}

function headLength(second: number): number {
  const length = second & 0x7f;
  const extended = length === 127 ? 8 : length === 126 ? 2 : 0;
  return 2 + extended + (second >= 0x80 ? 4 : 0);
}

function payloadLength(raw: Buffer, short: number): number {
  if (short === 126) return raw.readUInt16BE(2);
  return short === 127 ? raw.readUInt32BE(2) * 2 ** 32 + raw.readUInt32BE(6) : short;
}
