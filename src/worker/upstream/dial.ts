// One connection to an upstream: TCP to an address that was checked, TLS verified for a name. Knows no
// pool and no policy.

import { connect as netConnect, type Socket } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  DEFAULT_CIPHERS,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import { codeOf } from '../../shared/error-code.ts';
import type { Target } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import { UpstreamError } from './upstream-error.ts';

/** What upstreams are verified against; without `ca`: Node's own roots. */
export function upstreamRoots(ca?: string): SecureContext {
  // Level 2, as later versions of Node have it: no RSA or DH below 2048 bits, no SHA-1.
  return createSecureContext({ ca, ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=2` });
}

export type ConnectOptions = {
  /** The other side's end does not end ours. */
  readonly halfOpen: boolean;
  readonly abandoned: AbortSignal | null;
};

/** TCP to one address. Rejects with `UpstreamError`; it is retryable elsewhere. */
export function connect(
  address: string,
  port: number,
  { halfOpen, abandoned }: ConnectOptions,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const giveUp = () => fail(new UpstreamError(502, 'connect: given up'));
    if (abandoned?.aborted) {
      reject(new UpstreamError(502, 'connect: given up'));
      return;
    }
    abandoned?.addEventListener('abort', giveUp, { once: true });
    const socket = netConnect({ host: address, port, noDelay: true, allowHalfOpen: halfOpen });
    const timer = setTimeout(
      () => fail(new UpstreamError(504, 'connect: timeout', { retryable: true })),
      LIMITS.connectMs,
    );
    const onError = (error: Error) =>
      fail(new UpstreamError(502, `connect: ${codeOf(error)}`, { retryable: true }));
    function fail(error: UpstreamError): void {
      clearTimeout(timer);
      abandoned?.removeEventListener('abort', giveUp);
      socket.destroy();
      reject(error);
    }
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      abandoned?.removeEventListener('abort', giveUp);
      socket.off('error', onError);
      // Between here and the next owner an error must not end the process.
      socket.on('error', ignore);
      resolve(socket);
    });
  });
}

/**
 * TLS on a connection, verified for the target's name; `protocols`: what is offered by ALPN. Rejects
 * with `UpstreamError`.
 */
export function secure(
  raw: Socket,
  target: Target,
  roots: SecureContext,
  protocols: readonly string[],
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      socket: raw,
      secureContext: roots,
      ...(target.isIp ? {} : { servername: target.host }),
      rejectUnauthorized: true,
      checkServerIdentity: (_name, certificate) => identityProblem(target.host, certificate),
      ALPNProtocols: [...protocols],
    });
    const timer = setTimeout(
      () => fail(new UpstreamError(504, 'tls_server: timeout')),
      LIMITS.handshakeMs,
    );
    const onError = (error: Error) =>
      fail(new UpstreamError(502, `tls_server: ${tlsReason(error)}`));
    function fail(error: UpstreamError): void {
      clearTimeout(timer);
      socket.destroy();
      raw.destroy();
      reject(error);
    }
    socket.once('error', onError);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.on('error', ignore);
      resolve(socket);
    });
  });
}

/** Names of the SAN only: Node would take the subject's where there are none (RFC 9525 6.3). */
function identityProblem(host: string, certificate: PeerCertificate): Error | undefined {
  const subject = { ...certificate.subject, CN: '' };
  return checkServerIdentity(host, { ...certificate, subject });
}

function ignore(): void {}

/** OpenSSL's own words, in short: `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID: …`. */
function tlsReason(error: Error): string {
  const code = codeOf(error);
  return code === error.message ? code : `${code}: ${error.message.slice(0, 200)}`;
}
