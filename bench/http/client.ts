// A client of one request: a tunnel or a connection of its own, TLS, the request, the answer. It offers
// no session, so each handshake is a whole one.

import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';
import { ORIGIN_HOST, type Origin } from '../origin.ts';
import type { MeasuredProgram } from '../programs/program.ts';
import { ANSWER_TIMEOUT_S } from './closed-loop.ts';

export type Way = {
  readonly port: number;
  /** What CONNECT asks for, or null: what listens speaks TLS itself. */
  readonly authority: string | null;
};

const CONTEXT = createSecureContext();
const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_END = '\r\n\r\n';

/** Null: straight to the origin. */
export function wayThrough(program: MeasuredProgram | null, { httpsPort }: Origin): Way {
  if (program === null) return { port: httpsPort, authority: null };
  const authority = program.isReverse ? null : `${ORIGIN_HOST}:${httpsPort}`;
  return { port: program.port, authority };
}

/** Opens a connection and TLS in it. */
export async function openTls({ port, authority }: Way): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  if (authority !== null) await openTunnel(socket, authority);
  const tls = connectTls({
    ...{ socket, servername: ORIGIN_HOST, secureContext: CONTEXT },
    rejectUnauthorized: false,
  });
  await happened(tls, 'secureConnect');
  return tls;
}

/**
 * Sends a GET and reads the answer to its end; `onBody` gets each piece of the body. Throws for any
 * status but 200 and for an end before the length that the head says.
 */
export function get(
  tls: TLSSocket,
  path: string,
  host: string,
  onBody: (piece: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let head = '';
    let left = -1;
    const fail = (problem: string) => {
      tls.destroy();
      reject(new Error(problem));
    };
    const take = (piece: Buffer) => {
      left -= piece.length;
      if (left < 0) return fail('the answer is longer than its head says');
      onBody(piece);
      if (left > 0) return;
      tls.setTimeout(0);
      tls.end();
      resolve();
    };
    tls.on('data', (chunk: Buffer) => {
      if (left >= 0) return take(chunk);
      head += chunk.toString('latin1');
      const end = head.indexOf(HEAD_END);
      if (end < 0) return head.length > MAX_HEAD_BYTES ? fail('the head has no end') : undefined;
      const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head.slice(0, end + 2))?.[1];
      if (!head.startsWith('HTTP/1.1 200 ') || length === undefined) {
        return fail(`the answer is ${head.slice(0, head.indexOf('\r\n'))}`);
      }
      left = Number(length);
      take(Buffer.from(head.slice(end + HEAD_END.length), 'latin1'));
    });
    tls.on('error', (error) => fail(error.message));
    tls.on('close', () => fail('the connection ended before the answer'));
    tls.setTimeout(ANSWER_TIMEOUT_S * 1000, () => fail('the answer took too long'));
    tls.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
}

async function openTunnel(socket: Socket, authority: string): Promise<void> {
  await happened(socket, 'connect');
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  let head = '';
  while (!head.includes(HEAD_END)) {
    await happened(socket, 'readable');
    const chunk: Buffer | null = socket.read();
    if (chunk === null) continue;
    head += chunk.toString('latin1');
    if (head.length > MAX_HEAD_BYTES) throw new Error('the head has no end');
  }
  if (/^HTTP\/1\.[01] 200 /.test(head) && head.endsWith(HEAD_END)) return;
  socket.destroy();
  throw new Error(`CONNECT was refused: ${head.slice(0, head.indexOf('\r\n'))}`);
}

/** Waits for an event; throws where the socket fails, ends or takes too long before. */
function happened(socket: Socket, event: 'connect' | 'readable' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => () => {
      socket.off(event, done).off('error', failed).off('close', closed).setTimeout(0);
      then();
    };
    const failed = (error: Error) => settle(() => reject(error))();
    const done = settle(resolve);
    const closed = settle(() => reject(new Error('the connection was closed')));
    socket.once(event, done).once('error', failed).once('close', closed);
    socket.setTimeout(ANSWER_TIMEOUT_S * 1000, () => {
      socket.destroy(new Error('the connection took too long'));
    });
  });
}
