// Load through leash: requests at a steady rate over many keep-alive connections, each with a URL of
// its own, and for each what the client knows of it in the end. Bare sockets: a client that retries
// or pools by itself would hide what a test looks for.

import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader.ts';

export type LoadOptions = {
  readonly proxyPort: number;
  /** `http://127.0.0.1:port` of the origin; URLs are `<origin>/<n>`. */
  readonly origin: string;
  readonly connections: number;
  readonly perSecond: number;
  /** Each second request is a POST with so many bytes of text; 0: all are GETs. */
  readonly bodyBytes?: number;
  /** So much longer are the URLs, which a request's first record carries. */
  readonly queryBytes?: number;
  /** Each so many-th connection asks through a CONNECT tunnel; 0: none does. */
  readonly tunnelEvery?: number;
};

/** Times are of `performance.now()`. */
export type LoadRequest = {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Number of the TCP connection that carried it. */
  readonly connection: number;
  readonly sentMs: number;
  /** 0 where no head of an answer came. */
  status: number;
  /** Value of leash's own header: this is a refusal, not the origin's answer. */
  refusal: string;
  retryAfter: string;
  /** The whole answer arrived. */
  whole: boolean;
  endMs: number;
};

export type Load = {
  /** All that were sent so far, CONNECTs that were refused among them. */
  readonly requests: LoadRequest[];
  /** Whole answers so far that came from the origin. */
  served(): number;
  /** Whole answers so far with this status. */
  answers(status: number): number;
  /** Connections that could not be opened. */
  connectFailures(): number;
  /** Sends no more, waits for the answers that are due, closes. */
  stop(): Promise<void>;
};

const TICK_MS = 10;
/** Longer than leash waits for a log that hangs. */
const ANSWER_MS = 20_000;

export function startLoad(options: LoadOptions): Load {
  const { bodyBytes = 0, queryBytes = 0, tunnelEvery = 0 } = options;
  const authority = new URL(options.origin).host;
  const query = queryBytes > 0 ? `?${'q'.repeat(queryBytes - 1)}` : '';
  const body = 'All work and no play makes a dull log. '.repeat(bodyBytes / 39 + 1);
  const requests: LoadRequest[] = [];
  const byStatus = new Map<number, number>();
  const idle: Client[] = [];
  let served = 0;
  let sent = 0;
  let opened = 0;
  let connectFailures = 0;
  let due = 0;
  let stopping: (() => void) | null = null;
  let lastMs = performance.now();

  type Client = { readonly tunnels: boolean; socket: Socket | null; connection: number };

  for (let n = 0; n < options.connections; n += 1) {
    const tunnels = tunnelEvery > 0 && n % tunnelEvery === tunnelEvery - 1;
    idle.push({ tunnels, socket: null, connection: 0 });
  }

  const ticks = setInterval(() => {
    const now = performance.now();
    // Where this process itself was held up, it does not make up for it all at once.
    const heldMs = Math.min(now - lastMs, 10 * TICK_MS);
    due = Math.min(due + (heldMs * options.perSecond) / 1000, options.connections);
    lastMs = now;
    while (due >= 1 && idle.length > 0) {
      due -= 1;
      const client = idle.shift() as Client;
      if (client.socket === null || client.socket.destroyed) open(client);
      else send(client, client.socket);
    }
  }, TICK_MS);

  function open(client: Client): void {
    const socket = connect({ port: options.proxyPort, host: '127.0.0.1', noDelay: true });
    opened += 1;
    client.socket = socket;
    client.connection = opened;
    const onFailure = () => {
      connectFailures += 1;
      release(client);
    };
    socket.once('error', onFailure);
    socket.once('connect', () => {
      socket.off('error', onFailure);
      // What a reset means for a request, its 'close' says.
      socket.on('error', () => {});
      if (client.tunnels) openTunnel(client, socket);
      else send(client, socket);
    });
  }

  function openTunnel(client: Client, socket: Socket): void {
    const head = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
    const request: LoadRequest = begin(client, `connect:${opened}`, 'GET');
    ask({ client, socket, request, bytes: head, isTunnel: true }, () => {
      if (request.status === 200) {
        requests.splice(requests.indexOf(request), 1);
        send(client, socket);
      } else release(client);
    });
  }

  function send(client: Client, socket: Socket): void {
    sent += 1;
    const path = `/${sent}${query}`;
    const url = `${options.origin}${path}`;
    const isPost = bodyBytes > 0 && sent % 2 === 0;
    const target = client.tunnels ? path : url;
    const head = `${isPost ? 'POST' : 'GET'} ${target} HTTP/1.1\r\nHost: ${authority}\r\n`;
    const content = `Content-Type: text/plain\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
    const bytes = isPost ? `${head}${content}${body.slice(0, bodyBytes)}` : `${head}\r\n`;
    const request = begin(client, url, isPost ? 'POST' : 'GET');
    ask({ client, socket, request, bytes, isTunnel: false }, () => release(client));
  }

  function begin(client: Client, url: string, method: 'GET' | 'POST'): LoadRequest {
    const request: LoadRequest = {
      url,
      method,
      connection: client.connection,
      sentMs: performance.now(),
      status: 0,
      refusal: '',
      retryAfter: '',
      whole: false,
      endMs: 0,
    };
    requests.push(request);
    return request;
  }

  type Asking = {
    readonly client: Client;
    readonly socket: Socket;
    readonly request: LoadRequest;
    readonly bytes: string;
    readonly isTunnel: boolean;
  };

  function ask({ socket, request, bytes, isTunnel }: Asking, done: () => void): void {
    const reader = new AnswerReader(isTunnel);
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    const finish = () => {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('close', finish);
      const { status, refusal, retryAfter, whole, closes } = reader;
      Object.assign(request, { status, refusal, retryAfter, whole, endMs: performance.now() });
      if (whole) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      if (whole && refusal === '' && !isTunnel) served += 1;
      if (!whole || closes) socket.destroy();
      done();
    };
    const onData = (chunk: Buffer) => {
      reader.push(chunk);
      if (reader.whole) finish();
    };
    socket.on('data', onData);
    socket.once('close', finish);
    socket.write(bytes, 'latin1');
    // It may have ended before anybody listened.
    if (socket.destroyed) finish();
  }

  function release(client: Client): void {
    idle.push(client);
    if (idle.length === options.connections) stopping?.();
  }

  return {
    requests,
    served: () => served,
    answers: (status) => byStatus.get(status) ?? 0,
    connectFailures: () => connectFailures,
    async stop() {
      clearInterval(ticks);
      if (idle.length < options.connections) {
        await new Promise<void>((resolve) => {
          stopping = resolve;
        });
      }
      for (const { socket } of idle) socket?.destroy();
    },
  };
}
