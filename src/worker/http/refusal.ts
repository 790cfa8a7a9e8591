// The refusal contract: what an agent is told when leash itself says no. Pure: facts in, bytes or
// header lists out. `x-leash` tells a refusal from an upstream's own answer of the same status.

import { STATUS_CODES } from 'node:http';
import { formatJson } from '../../shared/audit-line.ts';

export type Refusal = {
  readonly status: number;
  readonly reason: string;
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly mode: string;
  readonly rule: string;
};

/** Seconds after which a refused client may try again, by status; others get no `Retry-After`. */
const RETRY_AFTER: Readonly<Record<number, string>> = { 429: '5', 503: '2' };

/** What a client hears whose intent the primary did not take. */
export const VERDICT_REFUSALS = {
  refused: { status: 503, reason: 'audit_unavailable' },
  quota: { status: 429, reason: 'client_log' },
} as const;

export type RefusalMessage = { readonly headers: string[]; readonly body: string };

/** Header list and body of a refusal; JSON when the client's `Accept` asks for it. */
export function formatRefusal(refusal: Refusal, accept: string): RefusalMessage {
  const json = /\bjson\b/i.test(accept);
  const where = refusal.host === '' ? 'request' : `${refusal.host}:${refusal.port}`;
  const { status, ...facts } = refusal;
  const verb = status === 502 || status === 504 ? 'error' : 'blocked';
  const word = verb === 'error' ? 'failed' : 'blocked';
  const body = json
    ? `${formatJson({ error: verb, status, ...facts, hint: hintFor(refusal) })}\n`
    : `leash: ${where} ${word} (${printable(refusal.reason)})\n`;
  const headers = [
    'x-leash',
    `${verb}; reason=${printable(refusal.reason)}; id=${refusal.id}`,
    'Content-Type',
    json ? 'application/json' : 'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(body)),
  ];
  // RFC 9110 11.7.1: a 407 has to say how to answer it.
  if (status === 407) headers.push('Proxy-Authenticate', 'Basic realm="leash", charset="UTF-8"');
  const retry = RETRY_AFTER[status];
  if (retry !== undefined) headers.push('Retry-After', retry);
  return { headers, body };
}

/** A whole refusal as bytes, for a socket that no HTTP response object belongs to; it then closes. */
export function formatRawRefusal(refusal: Refusal, accept: string): string {
  const { headers, body } = formatRefusal(refusal, accept);
  const lines = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Refused'}`];
  for (let at = 0; at + 1 < headers.length; at += 2)
    lines.push(`${headers[at]}: ${headers[at + 1]}`);
  lines.push('Connection: close', '', body);
  return lines.join('\r\n');
}

/** A reason can quote an upstream's certificate or error: nothing of it may end a header line. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300);
}

const ADDRESS_REASONS: ReadonlySet<string> = new Set(['address_not_allowed', 'self_connection']);

function hintFor(refusal: Refusal): string {
  switch (refusal.status) {
    case 400:
    case 408:
    case 417:
      return 'The request is malformed; leash forwards only what every server reads the same way.';
    case 403:
      return ADDRESS_REASONS.has(refusal.reason)
        ? 'Ask the operator: leash reaches private addresses only where the policy opens them.'
        : 'Ask the operator to allow this host, port, method and path.';
    case 407:
      return refusal.reason === 'identity_unknown'
        ? 'The name or the token in Proxy-Authorization is wrong; ask the operator.'
        : 'Show who you are: put name:token into the URL of the proxy.';
    case 421:
      return 'CONNECT target, SNI, Host and URI must name the same host.';
    case 429:
      return 'This client has reached its limit; try again later.';
    case 431:
      return 'The head of the request is too large, or has too many fields.';
    case 503:
      if (refusal.reason !== 'audit_unavailable') return 'leash is at its limit; try again.';
      return 'leash cannot record the request, so it does not forward it; try again.';
    default:
      return 'The upstream could not be reached; the reason says where it failed.';
  }
}
