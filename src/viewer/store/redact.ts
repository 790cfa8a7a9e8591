// Hides the values of headers that carry credentials. Pure.
// For the eye only: the record keeps what was sent, and bodies are not touched.

import type { HeaderPairs } from '../../shared/audit-event.ts';
import { authScheme, carriesCredential } from '../../shared/credential-headers.ts';

/** Header list → the same list with credentials replaced by their length; order and count kept. */
export function redactHeaders(headers: HeaderPairs): HeaderPairs {
  return headers.map(([name, value]) =>
    carriesCredential(name) ? [name, redactValue(value)] : [name, value],
  );
}

function redactValue(value: string): string {
  // Of a fingerprint nothing has to be hidden: it is there to be compared.
  if (/^(?:[\w!#$%&'*+.^`|~-]+=|[A-Za-z0-9-]+ )?hmac-sha256:[0-9a-f]{32}$/.test(value))
    return value;
  const scheme = authScheme(value);
  return `${scheme}[hidden: ${value.length - scheme.length} characters]`;
}
