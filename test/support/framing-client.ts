// A client that sends bytes as a test wrote them, straight to the proxy or inside a plain tunnel, from
// an address of its own, and reads one answer with the parser of the tests.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Fields, fieldOf, type Parsed, parseAnswer } from './framing-parser.ts';
import { readUntil } from './raw.ts';

export type Talk = {
  readonly proxyPort: number;
  readonly bytes: string;
  /** Source address; 127.0.0.1 where absent. */
  readonly from?: string;
  /** Authority for CONNECT; absent: to the proxy itself. */
  readonly tunnel?: string;
  readonly method?: string;
  /** Ends the sending side behind the bytes, for messages that are not whole. */
  readonly end?: boolean;
};

export type Answer = {
  /** 0: the connection closed without an answer. */
  readonly status: number;
  readonly fields: Fields;
  readonly body: string;
  /** Framed by itself and whole. */
  readonly complete: boolean;
  /** What stands behind the answer. */
  readonly rest: string;
  readonly problem: string;
  readonly text: string;
};

/** Sends, waits for a whole answer or the end of the connection, and leaves. */
export async function talk(options: Talk): Promise<Answer> {
  const { proxyPort, bytes, tunnel, method = 'GET', end = false } = options;
  const socket = await openFrom(proxyPort, options.from);
  try {
    if (tunnel !== undefined) await openTunnel(socket, tunnel);
    socket.write(bytes, 'latin1');
    if (end) socket.end();
    return await readAnswer(socket, method);
  } finally {
    socket.destroy();
  }
}

/** A connected socket from this source address, which ignores errors. */
export async function openFrom(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

async function openTunnel(socket: Socket, authority: string): Promise<void> {
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const head = await readUntil(socket, { until: (text) => text.includes('\r\n\r\n') });
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`No tunnel: ${head}`);
}

/** One answer of a connection, which may stay open. */
export async function readAnswer(socket: Socket, method: string): Promise<Answer> {
  const until = (text: string) => isOver(parse(text, method));
  const text = await readUntil(socket, { until });
  const parsed = parse(text, method);
  const nothing = { status: 0, fields: [], body: '', complete: false, rest: '', problem: '', text };
  if (parsed === null) return { ...nothing, rest: text };
  if ('problem' in parsed) return { ...nothing, problem: parsed.problem };
  const { fields, next } = parsed;
  return {
    ...nothing,
    status: Number(parsed.startLine.split(' ')[1]),
    fields,
    body: parsed.body.toString('latin1'),
    complete: next !== null,
    rest: next === null ? '' : text.slice(next),
  };
}

/** Whether leash itself says so: a refusal or a failure, not an upstream's answer. */
export function isFromLeash({ fields }: Answer): boolean {
  return fieldOf(fields, 'x-leash') !== undefined;
}

function parse(text: string, method: string) {
  return parseAnswer(Buffer.from(text, 'latin1'), 0, method);
}

function isOver(parsed: Parsed | { readonly problem: string } | null): boolean {
  return parsed !== null && ('problem' in parsed || parsed.next !== null);
}
