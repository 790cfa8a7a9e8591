// What went wrong, in one word: the code that Node or OpenSSL gave an error, or else its text. Pure.

/** `ECONNRESET`, `ERR_TLS_CERT_ALTNAME_INVALID`, ...; the message of an error without a code. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
