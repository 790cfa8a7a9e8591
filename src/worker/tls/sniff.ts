// The first bytes inside a tunnel: what does the client speak? Bytes are looked at and given back,
// none is consumed. The decision itself is pure and stands in `classify`.

import type { Socket } from 'node:net';
import { readClientHello } from './client-hello.ts';

export type Sniffed =
  | { readonly kind: 'tls'; readonly serverName: string | null }
  | { readonly kind: 'http' }
  | { readonly kind: 'unknown'; readonly problem: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'closed' };

const HTTP_METHOD = /^[A-Z][A-Z-]{0,31} /;
const HTTP_METHOD_PREFIX = /^[A-Z][A-Z-]{0,31}$/;

/** Everything received so far → the verdict, or null while more bytes are needed. */
export function classify(bytes: Buffer): Sniffed | null {
  if (bytes.length === 0) return null;
  if (bytes[0] === 0x16) {
    const hello = readClientHello(bytes);
    if ('problem' in hello) return { kind: 'unknown', problem: hello.problem };
    return hello.done ? { kind: 'tls', serverName: hello.serverName } : null;
  }
  const text = bytes.toString('latin1', 0, 40);
  if (HTTP_METHOD.test(text)) return { kind: 'http' };
  if (HTTP_METHOD_PREFIX.test(text)) return null;
  return { kind: 'unknown', problem: 'neither TLS nor HTTP/1' };
}

/** Waits for enough first bytes (`head`: those that came with CONNECT) and puts them all back. */
export function sniff(socket: Socket, head: Buffer, timeoutMs: number): Promise<Sniffed> {
  return new Promise((resolve) => {
    let bytes = head;
    const timer = setTimeout(() => settle({ kind: 'silent' }), timeoutMs);
    const onData = (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const verdict = classify(bytes);
      if (verdict !== null) settle(verdict);
    };
    const onClosed = () => settle({ kind: 'closed' });
    function settle(verdict: Sniffed): void {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('end', onClosed);
      socket.off('close', onClosed);
      socket.pause();
      if (bytes.length > 0 && !socket.destroyed && verdict.kind !== 'closed') socket.unshift(bytes);
      resolve(verdict);
    }
    socket.on('end', onClosed);
    socket.on('close', onClosed);
    // Both may have come while CONNECT was on its way to the log.
    if (socket.readableEnded || socket.destroyed) {
      settle({ kind: 'closed' });
      return;
    }
    const early = classify(bytes);
    if (early !== null) settle(early);
    else socket.on('data', onData);
  });
}
