import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { plainFingerprint, plainHex, readCas } from '../../../../src/shared/trust/trusted-ca.ts';

const [one = '', two = ''] = rootCertificates;

describe('readCas()', () => {
  it('readCas() gives each certificate of a text, whatever stands between them', () => {
    const cas = readCas(`# old\n${one}\nnew:\r\n${two}`);
    expect(cas.map(({ sha256 }) => sha256)).toEqual(
      [one, two].map((pem) => new X509Certificate(pem).fingerprint256),
    );
    expect(cas.map(({ pem }) => pem)).toEqual(
      [one, two].map((pem) => new X509Certificate(pem).toString()),
    );
    expect(cas[0]?.notAfterMs).toBe(Date.parse(new X509Certificate(one).validTo));
  });

  it('readCas() leaves out what is none', () => {
    expect(readCas('')).toEqual([]);
    const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(readCas(damaged + one)).toHaveLength(1);
  });
});

describe('plainFingerprint()', () => {
  it.each(['', 'sha256:', 'SHA-256 ', 'sha256='])(
    'plainFingerprint() reads it behind %j',
    (word) => {
      const colons = Array(32).fill('AB').join(':');
      const text = word === 'SHA-256 ' ? `sha-256:${colons}` : word + colons;
      expect(plainFingerprint(text)).toBe('ab'.repeat(32));
      expect(plainHex(colons)).toBe('ab'.repeat(32));
    },
  );

  it.each(['', 'ab', 'g'.repeat(64), 'a'.repeat(65), `${'a'.repeat(64)};id`])(
    'plainFingerprint() gives null for %j',
    (text) => {
      expect(plainFingerprint(text)).toBeNull();
    },
  );
});
