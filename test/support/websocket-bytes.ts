// The bytes of a WebSocket: frames written by hand, for what no program sends, and messages as `ws`
// sends them; and the messages that a list of records says went by.

import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { PerMessageDeflate, Sender } from 'ws';
import type { FlowFields } from '../../src/shared/audit-event.ts';

export type FrameParts = {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  readonly fin?: boolean;
  /** RSV1 to 3, as they stand in the first byte. */
  readonly reserved?: number;
  readonly mask?: Buffer | null;
  /** Bytes of the length: 1, 3 or 9; absent: as few as it takes. */
  readonly lengthBytes?: 1 | 3 | 9;
};

export const MASK = Buffer.from([0x12, 0xff, 0x00, 0x80]);

/** One frame; masked, as a client's, unless `mask` is null. */
export function frame(parts: FrameParts): Buffer {
  const { opcode, fin = true, reserved = 0, mask = MASK } = parts;
  const payload = Buffer.from(parts.payload ?? '');
  const size = parts.lengthBytes ?? (payload.length < 126 ? 1 : payload.length < 65_536 ? 3 : 9);
  const head = Buffer.alloc(1 + size);
  head[0] = (fin ? 0x80 : 0) | reserved | opcode;
  if (size === 1) head[1] = payload.length;
  else if (size === 3) head.writeUInt16BE(payload.length, 2);
  else head.writeBigUInt64BE(BigInt(payload.length), 2);
  if (size > 1) head[1] = size === 3 ? 126 : 127;
  if (mask === null) return Buffer.concat([head, payload]);
  head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ (mask[at & 3] ?? 0))]);
}

export type Sent =
  | { readonly kind: 'text' | 'binary'; readonly fragments: readonly Buffer[] }
  | { readonly kind: 'ping' | 'pong'; readonly data: Buffer }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string };

export type SendOptions = {
  readonly side: 'client' | 'server';
  /** Absent: messages are not compressed. */
  readonly deflate?: { readonly takeover: boolean };
};

/** What `ws` puts on the wire for these, one after the other. */
export async function bytesOf(options: SendOptions, messages: readonly Sent[]): Promise<Buffer> {
  const { side, deflate } = options;
  const mask = side === 'client';
  const wire = new PassThrough({ highWaterMark: 1 << 30 });
  const chunks: Buffer[] = [];
  wire.on('data', (chunk: Buffer) => chunks.push(chunk));
  const extension = new PerMessageDeflate({ isServer: !mask, threshold: 0 });
  extension.accept([
    deflate?.takeover === false ? { [`${side}_no_context_takeover`]: [true] } : {},
  ]);
  const extensions = deflate === undefined ? {} : { 'permessage-deflate': extension };
  const sender = new Sender(wire, extensions as Record<string, PerMessageDeflate>);
  const compress = deflate !== undefined;
  for (const message of messages) {
    if ('data' in message) {
      await done((then) => sender[message.kind](message.data, mask, then));
    } else if ('code' in message) {
      await done((then) => sender.close(message.code, Buffer.from(message.reason), mask, then));
    } else {
      for (const [index, data] of message.fragments.entries()) {
        const fin = index === message.fragments.length - 1;
        const binary = message.kind === 'binary';
        await done((then) => sender.send(data, { fin, binary, compress, mask }, then));
      }
    }
  }
  extension.cleanup();
  wire.end();
  await once(wire, 'end');
  return Buffer.concat(chunks);
}

function done(start: (then: (error?: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) =>
    start((error) => (error === undefined || error === null ? resolve() : reject(error))),
  );
}

export type Seen = {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly record: FlowFields;
};

/** `websocket` records of one side → the messages that they say went by, pieces joined. */
export function messagesIn(records: readonly FlowFields[]): Seen[] {
  const seen: Seen[] = [];
  const pieces = new Map<number, Buffer[]>();
  for (const record of records) {
    const opcode = record.opcode ?? 0;
    const body = Buffer.from(record.body ?? '', record.encoding ?? 'utf8');
    const before = pieces.get(opcode) ?? [];
    if (record.more === true) {
      if ((record.offset ?? 0) !== Buffer.concat(before).length) throw new Error('a gap');
      pieces.set(opcode, [...before, body]);
      continue;
    }
    if (before.length !== (record.parts ?? 0)) throw new Error('a piece is missing');
    pieces.delete(opcode);
    seen.push({ opcode, payload: Buffer.concat([...before, body]), record });
  }
  return seen;
}
