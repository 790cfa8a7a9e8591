// Which headers carry credentials, and what of their values is no secret: the one list for the record
// (where their values can be stored as fingerprints) and for the page (where they are hidden). Pure.

const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'apikey',
  'x-goog-api-key',
  'x-auth-token',
  'x-access-token',
  'x-amz-security-token',
  'x-csrf-token',
  'x-xsrf-token',
  'private-token',
  'job-token',
]);

/** `name` in any case. */
export function carriesCredential(name: string): boolean {
  return CREDENTIAL_HEADERS.has(name.trim().toLowerCase());
}

/** `Bearer abc` → `Bearer `: the scheme is no secret, and it tells which kind of credential was used. */
export function authScheme(value: string): string {
  return /^(?:Basic|Bearer|Digest|Negotiate|Token|AWS4-HMAC-SHA256) /i.exec(value)?.[0] ?? '';
}
