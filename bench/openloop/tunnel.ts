// One connection of the generator: CONNECT through a proxy and TLS inside, or TLS straight to a port;
// and one request at a time on it. Written by hand on the TLS socket, so that a request costs little.

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { AnswerParser } from './answer-parser.ts';

/** Where the load goes. */
export type Target = {
  /** Of the proxy, or of the origin itself. */
  readonly port: number;
  /** The port takes TLS at once: a reverse proxy, or the origin. */
  readonly isReverse: boolean;
  readonly originPort: number;
  readonly host: string;
};

export type Answer = { readonly status: number; readonly bodyBytes: number };
export type Failure = { readonly problem: string };

export type TunnelOptions = {
  readonly target: Target;
  /** Source address; absent: as the kernel chooses. */
  readonly localAddress?: string;
  /** Lines of the CONNECT request, each with its end. */
  readonly connectHeaders?: string;
};

const OPEN_MS = 20_000;
const MAX_CONNECT_HEAD = 4096;

/** Opens it; a refusal, a failed handshake or silence is a failure. */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel | Failure> {
  const { target, localAddress } = options;
  const socket = connectTcp({
    host: '127.0.0.1',
    port: target.port,
    noDelay: true,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  const timer = setTimeout(() => socket.destroy(new Error('no tunnel in time')), OPEN_MS);
  try {
    await ready(socket, 'connect');
    if (!target.isReverse) await askForTunnel(socket, options);
    // A certificate of the proxy's own making; the generator measures and does not judge.
    const tls = connectTls({ socket, servername: target.host, rejectUnauthorized: false });
    await ready(tls, 'secureConnect');
    return new Tunnel(tls);
  } catch (error) {
    socket.destroy();
    return { problem: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
}

/** An open tunnel. */
export class Tunnel {
  readonly #socket: TLSSocket;
  readonly #parser: AnswerParser;
  #onBody: ((piece: Buffer) => void) | null = null;
  #done: ((answer: Answer | Failure) => void) | null = null;
  #isOpen = true;
  /** Called once, when it has closed, whoever closed it. */
  onClose: () => void = () => {};

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.#parser = new AnswerParser((piece) => this.#onBody?.(piece));
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // An error is followed by 'close', which says it.
    let reason = 'closed before its answer';
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.once('close', () => {
      this.#isOpen = false;
      this.#finish({ problem: reason });
      this.onClose();
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** One at a time; `done` is called once, in any case. */
  ask(
    request: string | Buffer,
    done: (answer: Answer | Failure) => void,
    onBody: ((piece: Buffer) => void) | null = null,
  ): void {
    this.#done = done;
    this.#onBody = onBody;
    this.#parser.reset();
    if (this.#isOpen) this.#socket.write(request as string, 'latin1');
    else this.#finish({ problem: 'closed before its request' });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    const progress = this.#parser.push(bytes);
    if (progress === 'more') return;
    const { status, bodyBytes, closes } = this.#parser;
    if (progress === 'whole') {
      if (closes) this.#isOpen = false;
      this.#finish({ status, bodyBytes });
      if (closes) this.#socket.destroy();
    } else {
      this.#isOpen = false;
      this.#finish(progress);
      this.#socket.destroy();
    }
  }

  #finish(answer: Answer | Failure): void {
    const done = this.#done;
    this.#done = null;
    done?.(answer);
  }
}

function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error(`closed before ${event}`));
    socket.once('error', reject);
    socket.once('close', onClose);
    socket.once(event, () => {
      socket.off('error', reject);
      socket.off('close', onClose);
      // What happens to it from here on is told by 'close'.
      socket.on('error', () => {});
      resolve();
    });
  });
}

function askForTunnel(socket: Socket, options: TunnelOptions): Promise<void> {
  const { target, connectHeaders = '' } = options;
  const authority = `${target.host}:${target.originPort}`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${connectHeaders}\r\n`);
  return new Promise((resolve, reject) => {
    let head = '';
    const onClose = () => reject(new Error('closed before the answer to CONNECT'));
    const onData = (bytes: Buffer) => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n') && head.length < MAX_CONNECT_HEAD) return;
      socket.off('data', onData);
      socket.off('close', onClose);
      socket.pause();
      if (/^HTTP\/1\.[01] 200 [^\n]*\n(?:[^\n]+\n)*\r\n$/.test(head)) resolve();
      else reject(new Error(`CONNECT was refused: ${head.split('\r\n')[0]}`));
    };
    socket.once('close', onClose);
    socket.on('data', onData);
  });
}
