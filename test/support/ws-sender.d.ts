// The part of `ws` that tests use and that its types leave out.
import type { Duplex } from 'node:stream';

declare module 'ws' {
  export class PerMessageDeflate {
    constructor(options: { isServer: boolean; threshold: number });
    accept(offers: readonly Record<string, readonly (string | true)[]>[]): object;
    cleanup(): void;
  }
  type SendOptions = { fin: boolean; binary: boolean; compress: boolean; mask: boolean };
  export class Sender {
    constructor(socket: Duplex, extensions: Record<string, PerMessageDeflate>);
    send(data: Buffer, options: SendOptions, done: (error?: Error) => void): void;
    ping(data: Buffer, mask: boolean, done: (error?: Error) => void): void;
    pong(data: Buffer, mask: boolean, done: (error?: Error) => void): void;
    close(code: number, reason: Buffer, mask: boolean, done: (error?: Error) => void): void;
  }
}
