// Which headers carry credentials, and what of their values is no secret: the one list for the record
// (where their values can be stored as fingerprints) and for the page (where they are hidden). Pure.

const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'authentication',
  'proxy-authorization',
  'proxy-authentication',
  'cookie',
  'cookie2',
  'set-cookie',
  'set-cookie2',
  'x-authorization',
  'x-auth-token',
  'x-auth-key',
  'x-access-token',
  'x-api-key',
  'api-key',
  'apikey',
  'x-apikey',
  'xi-api-key',
  'x-api-token',
  'x-api-secret',
  'x-goog-api-key',
  'x-amz-security-token',
  'x-csrf-token',
  'x-xsrf-token',
  'x-vault-token',
  'x-gitlab-token',
  'x-github-token',
  'x-session-token',
  'x-secret',
  'x-token',
  'private-token',
  'job-token',
  'deploy-token',
  'sec-websocket-protocol',
]);

/** `name` in any case; servers read `X_Api_Key` as `X-Api-Key`. */
export function carriesCredential(name: string): boolean {
  return CREDENTIAL_HEADERS.has(name.trim().toLowerCase().replaceAll('_', '-'));
}

/** `Bearer abc` → `Bearer `: the scheme is no secret, and it tells which kind of credential was used. */
export function authScheme(value: string): string {
  return /^(?:Basic|Bearer|Digest|Negotiate|Token|AWS4-HMAC-SHA256) /i.exec(value)?.[0] ?? '';
}
