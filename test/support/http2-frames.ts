// HTTP/2 by hand (RFC 9113 4.1): what no client library would send.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { connectThrough } from './raw.ts';

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `last`: streams above it have not been processed. */
export function goaway(last: number, code: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(last, 0);
  payload.writeUInt32BE(code, 4);
  return frame(FRAME.goaway, 0, 0, payload);
}

/** A header block without a table or Huffman codes (RFC 7541 6.2.2). */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1');
    return Buffer.concat([integer(bytes.length, 7), bytes]);
  };
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]),
  );
}

/** RFC 7541 5.1. */
function integer(value: number, bits: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

export type Frame = {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
};

/** Calls back for each frame that comes, behind as many bytes that are none. */
export function onFrames(socket: Socket, skip: number, onFrame: (each: Frame) => void): void {
  let left = skip;
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk.subarray(left)]);
    left = Math.max(0, left - chunk.length);
    while (rest.length >= 9) {
      const length = rest.readUIntBE(0, 3);
      if (rest.length < 9 + length) return;
      const [type = 0, flags = 0] = rest.subarray(3, 5);
      const payload = rest.subarray(9, 9 + length);
      const stream = rest.readUInt32BE(5);
      rest = rest.subarray(9 + length);
      onFrame({ type, flags, stream, payload });
    }
  });
}

export type RawHttp2 = {
  readonly socket: TLSSocket;
  readonly outer: Socket;
  /** Those that came. */
  readonly frames: Frame[];
  closed(): Promise<void>;
};

/** A connection through the proxy on which the client has said its preface and empty SETTINGS. */
export async function openRawHttp2(
  proxyPort: number,
  authority: string,
  caPem: string,
): Promise<RawHttp2> {
  const { socket: outer } = await connectThrough(proxyPort, authority);
  const servername = authority.slice(0, authority.lastIndexOf(':'));
  const socket = tlsConnect({ socket: outer, servername, ca: caPem, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const frames: RawHttp2['frames'] = [];
  onFrames(socket, 0, (each) => frames.push(each));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, 0, 0, Buffer.alloc(0))]));
  return { socket, outer, frames, closed: () => closed };
}
