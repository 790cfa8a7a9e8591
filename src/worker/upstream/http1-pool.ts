// Connections to upstreams that speak HTTP/1, and requests on them. Whom a connection may serve is said
// by its key (upstream.ts); here it is kept while it is idle.

import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';
import { headerPairs, type RawHeaders, valuesOf } from '../http/header-list.ts';
import { hasNoBody } from '../http/http-message.ts';
import { UpstreamError } from './upstream-error.ts';
import type {
  Connection,
  UpstreamAnswer,
  UpstreamEvents,
  UpstreamRequest,
  UpstreamStream,
} from './upstream-stream.ts';

export class Http1Pool {
  readonly #agent = createAgent();
  /** Connections to addresses that the policy opened. */
  readonly #opened = new WeakSet<Socket>();

  /** An idle connection, if there is one. */
  find(key: string): Connection | null {
    // The agent takes the last one, too.
    const socket = this.#agent.freeSockets[key]?.at(-1);
    return socket?.writable ? this.#connection(key, socket) : null;
  }

  /** Takes a connection that was just dialled. */
  adopt(key: string, socket: Socket, isOpened: boolean): Connection {
    if (isOpened) this.#opened.add(socket);
    return this.#connection(key, socket);
  }

  #connection(key: string, socket: Socket): Connection {
    return {
      proto: 'h1',
      ip: socket.remoteAddress ?? '',
      isOpened: this.#opened.has(socket),
      send: (request, events) =>
        new Http1Stream({ agent: this.#agent, key, socket }, request, events),
      discard() {
        socket.destroy();
      },
    };
  }

  close(): void {
    this.#agent.destroy();
  }
}

type Road = { readonly agent: Agent; readonly key: string; readonly socket: Socket };

/** One request on a connection of the pool. */
class Http1Stream implements UpstreamStream {
  readonly sink: ClientRequest;

  constructor(road: Road, request: UpstreamRequest, events: UpstreamEvents) {
    const { idleMs, method } = request;
    const sent = open({
      agent: road.agent,
      road,
      method,
      path: request.path,
      headers: withConnection(request.headers) as string[],
      setHost: false,
      timeout: idleMs,
      maxHeaderSize: LIMITS.headBytes,
    });
    this.sink = sent;
    // Node stops recording raw headers past its limit (CVE-2026-58044); 0 = all, counted by us.
    sent.maxHeadersCount = 0;
    // The agent sets no timer of ours where its own is of the same length.
    sent.once('socket', (socket) => {
      if (socket.timeout !== idleMs) socket.setTimeout(idleMs);
    });
    /** For what no server may send: a 101 nobody asked for would be a pipe nobody looks into. */
    const cut = (problem: string) => {
      sent.socket?.destroy();
      events.onFailed(new UpstreamError(502, `upstream: ${problem}`));
    };
    sent.once('response', (answer) => {
      // A 101 without the fields of an upgrade arrives as a response.
      if ((answer.statusCode ?? 0) < 200) cut('unsolicited 101');
      else receive(answer, method, events);
    });
    sent.on('error', events.onFailed);
    sent.once('upgrade', ({ rawHeaders: headers }, socket, bytes) => {
      if (events.onSwitch === null) cut('unsolicited 101');
      else events.onSwitch({ headers, socket, bytes });
    });
    sent.on('information', ({ statusCode, rawHeaders }) =>
      events.onInformation(statusCode, rawHeaders),
    );
    sent.once('timeout', () => {
      events.onFailed(new UpstreamError(504, 'upstream: silent for too long'));
      sent.destroy();
    });
    if (request.isWhole) sent.end();
  }

  get isReused(): boolean {
    return this.sink.reusedSocket;
  }

  flush(): void {
    const { sink } = this;
    if (!sink.writableEnded && !sink.destroyed) sink.flushHeaders();
  }

  setTrailers(trailers: RawHeaders): void {
    const pairs = headerPairs(trailers) as [string, string][];
    if (pairs.length > 0) this.sink.addTrailers(pairs);
  }

  abort(): void {
    this.sink.destroy();
  }
}

/** Throws where Node refuses the head; the connection has carried nothing of it then, and goes. */
function open(options: RequestOptions & { road: Road }): ClientRequest {
  try {
    return httpRequest(options);
  } catch (error) {
    options.road.socket.destroy();
    throw new UpstreamError(502, `upstream: ${codeOf(error)}`);
  }
}

function receive(answer: IncomingMessage, method: string, events: UpstreamEvents): void {
  const { statusCode: status = 502, statusMessage: phrase = '', rawHeaders: headers } = answer;
  const isWhole = hasNoBody(method, status) || valuesOf(headers, 'content-length')[0] === '0';
  const received: UpstreamAnswer = {
    head: { status, phrase, headers, isWhole },
    body: answer,
    isComplete: () => answer.complete,
    trailers: () => answer.rawTrailers,
  };
  answer.on('error', () => {});
  answer.once('close', () => {
    if (answer.complete) return;
    events.onFailed(new UpstreamError(502, 'upstream: closed before the response ended'));
  });
  events.onAnswer(received);
}

/** RFC 9110 10.1.4: who takes trailers says so to its next hop only. */
function withConnection(headers: readonly string[]): readonly string[] {
  if (valuesOf(headers, 'te').length === 0) return headers;
  return [...headers, 'Connection', 'keep-alive, TE'];
}

function createAgent(): Agent {
  const agent = new Agent({
    keepAlive: true,
    scheduling: 'lifo',
    // Live connections have the per-client limit; a cap here would make a request wait behind
    // streams that last for minutes. Only idle ones are capped.
    maxFreeSockets: LIMITS.idleUpstreamsPerOrigin,
    timeout: LIMITS.idleUpstreamMs,
  });
  agent.getName = (options) => roadOf(options).key;
  // Dialled and checked by upstream.ts; the agent only keeps what is idle.
  agent.createConnection = (options) => roadOf(options).socket;
  // Nobody asked on an idle connection: what comes on it would stand where the next answer is due.
  const { keepSocketAlive, reuseSocket } = agent;
  agent.keepSocketAlive = (socket) => {
    if (socket.readableLength > 0) return false;
    socket.on('data', destroyThis);
    return keepSocketAlive.call(agent, socket);
  };
  agent.reuseSocket = (socket, request) => {
    socket.off('data', destroyThis);
    reuseSocket.call(agent, socket, request);
  };
  return agent;
}

/** An agent's options carry ours through, untyped. */
function roadOf(options: object | undefined): Road {
  return (options as { road: Road }).road;
}

function destroyThis(this: Duplex): void {
  this.destroy();
}
