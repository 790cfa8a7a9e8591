// CA certificates as agents are given them: PEM text → what is in it. Pure.

import { X509Certificate } from 'node:crypto';

export type TrustedCa = {
  /** One certificate, with a newline at its end. */
  readonly pem: string;
  /** SHA-256 of its DER: upper-case hex, colons between bytes, as openssl prints it. */
  readonly sha256: string;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
};

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates in a text, in order; what is none is left out. */
export function readCas(text: string): TrustedCa[] {
  return (text.match(BLOCK) ?? []).flatMap((block) => {
    try {
      const cert = new X509Certificate(block);
      return [
        {
          pem: `${cert.toString().trimEnd()}\n`,
          sha256: cert.fingerprint256,
          notBeforeMs: Date.parse(cert.validFrom),
          notAfterMs: Date.parse(cert.validTo),
        },
      ];
    } catch {
      return [];
    }
  });
}

/** As it stands in the record, and in names of files: 64 hex digits. */
export function plainHex(sha256: string): string {
  return sha256.replaceAll(':', '').toLowerCase();
}

/** A fingerprint in any spelling (colons, blanks, case, `sha256:`) → 64 hex digits, or null. */
export function plainFingerprint(text: string): string | null {
  const hex = text
    .replace(/^sha-?256[:=]?/i, '')
    .replace(/[:\s]/g, '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? hex : null;
}
