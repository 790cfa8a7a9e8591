// The oracle of tests that attack the framing: an origin over raw TCP that keeps every byte it was
// sent and reads requests out of them with a parser of its own. Answers are raw bytes.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type Fields, fieldOf, parseRequest } from './framing-parser.ts';
import { portOf } from './free-port.ts';
import { waitFor } from './wait-for.ts';

export type SeenRequest = {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly fields: Fields;
  /** Of the body so far; final when `complete`. */
  body: Buffer;
  complete: boolean;
  /** Number of the connection that it came on. */
  readonly connection: number;
};

export type RawAnswer = {
  readonly bytes: string;
  /** Ends the connection behind the last byte. */
  readonly end?: boolean;
};

export type FramingOrigin = {
  readonly port: number;
  readonly requests: SeenRequest[];
  /** What its parser could not read in one way only. */
  readonly problems: string[];
  /** What is answered to a request that is whole. */
  answer: (request: SeenRequest) => RawAnswer;
  /** All bytes of each connection so far, latin1. */
  bytes(): string[];
  /** Whether this connection is still open. */
  isOpen(connection: number): boolean;
  /** Sends what nobody asked for. */
  send(connection: number, bytes: string): void;
  /** Waits until the other side has closed each connection: nothing more will come. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

/** An answer with a length, and with the target of its request as the body. */
export function plainAnswer(text: string): RawAnswer {
  return { bytes: `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}` };
}

export async function startFramingOrigin(): Promise<FramingOrigin> {
  /** Open ones, with their numbers. */
  const sockets = new Map<Socket, number>();
  const received: Buffer[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = received.push(Buffer.alloc(0)) - 1;
    sockets.set(socket, connection);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    serve(socket, connection);
  });

  function serve(socket: Socket, connection: number): void {
    let from = 0;
    let current: SeenRequest | null = null;
    socket.on('data', (chunk) => {
      const bytes = Buffer.concat([received[connection] ?? Buffer.alloc(0), chunk]);
      received[connection] = bytes;
      while (from < bytes.length) {
        const parsed = parseRequest(bytes, from);
        if (parsed === null) return;
        if ('problem' in parsed) {
          origin.problems.push(`connection ${connection}: ${parsed.problem}`);
          socket.destroy();
          return;
        }
        if (current === null) {
          const [method = '', target = ''] = parsed.startLine.split(' ');
          const { fields, body } = parsed;
          const host = fieldOf(fields, 'host') ?? '';
          current = { method, target, host, fields, body, complete: false, connection };
          origin.requests.push(current);
        }
        current.body = parsed.body;
        if (parsed.next === null) return;
        current.complete = true;
        from = parsed.next;
        reply(socket, origin.answer(current));
        current = null;
      }
    });
    socket.once('end', () => {
      if (current === null && from < (received[connection]?.length ?? 0)) {
        origin.problems.push(`connection ${connection}: ends in half a head`);
      }
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin: FramingOrigin = {
    port: portOf(server.address()),
    requests: [],
    problems: [],
    answer: ({ target }) => plainAnswer(target),
    bytes: () => received.map((bytes) => bytes.toString('latin1')),
    isOpen: (connection) => [...sockets.values()].includes(connection),
    send(wanted, bytes) {
      for (const [socket, connection] of sockets) {
        if (connection === wanted) socket.write(bytes, 'latin1');
      }
    },
    async settled() {
      await waitFor(() => sockets.size === 0, {
        what: 'the upstream sockets to close',
        everyMs: 5,
      });
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets.keys()) socket.destroy();
      await closed;
    },
  };
  return origin;
}

function reply(socket: Socket, { bytes, end }: RawAnswer): void {
  socket.write(bytes, 'latin1');
  if (end === true) socket.end();
}
