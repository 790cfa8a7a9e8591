// Hides the values of headers that carry credentials. Pure.
// For the eye only: the record keeps what was sent, and bodies are not touched.

import type { HeaderPairs } from '../../shared/audit-event.ts';

const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-auth-token',
]);

/** Header list → the same list with credentials replaced by their length; order and count kept. */
export function redactHeaders(headers: HeaderPairs): HeaderPairs {
  return headers.map(([name, value]) =>
    CREDENTIAL_HEADERS.has(name.trim().toLowerCase()) ? [name, redactValue(value)] : [name, value],
  );
}

function redactValue(value: string): string {
  // The scheme is no secret, and it tells which kind of credential was used.
  const scheme = /^(Basic|Bearer|Digest|Negotiate|AWS4-HMAC-SHA256) /i.exec(value)?.[0] ?? '';
  return `${scheme}[hidden: ${value.length - scheme.length} characters]`;
}
