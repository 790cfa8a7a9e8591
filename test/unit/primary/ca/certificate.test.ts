import { createHash, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildCa, buildLeaf, readIssuer } from '../../../../src/primary/ca/certificate.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START = new Date('2026-03-04T05:06:07Z');
const caKeys = newKeys();
const leafKeys = newKeys();
const rootDer = newRoot();
const issuer = readIssuer(rootDer)!;

describe('buildCa()', () => {
  const root = new X509Certificate(rootDer);

  it('makes a self-signed CA with name, serial and dates as asked', () => {
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.checkPrivateKey(caKeys.privateKey)).toBe(true);
    expect(root.ca).toBe(true);
    expect(root.subject).toBe('CN=test root');
    expect(root.issuer).toBe('CN=test root');
    expect(root.serialNumber).toBe('40112233445566778899AABBCCDDEEFF');
    expect(new Date(root.validFrom)).toEqual(START);
    expect(new Date(root.validTo)).toEqual(daysLater(3650));
  });

  it('refuses keys that are not P-256', () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const publicKeyDer of [spki(p384.publicKey), spki(rsa.publicKey), Buffer.alloc(0)]) {
      expect(() => newRoot({ publicKeyDer })).toThrow('must be an uncompressed P-256 SPKI');
    }
  });
});

describe('buildLeaf()', () => {
  it.each([
    ['example.com', 'DNS:example.com', 'CN=example.com'],
    ['xn--bcher-kva.example', 'DNS:xn--bcher-kva.example', 'CN=xn--bcher-kva.example'],
    ['a_b.example', 'DNS:a_b.example', 'CN=a_b.example'],
    ['localhost', 'DNS:localhost', 'CN=localhost'],
    ['127.0.0.1', 'IP Address:127.0.0.1', 'CN=127.0.0.1'],
    ['::1', 'IP Address:0:0:0:0:0:0:0:1', 'CN=::1'],
    ['2001:db8::a:0:1', 'IP Address:2001:DB8:0:0:0:A:0:1', 'CN=2001:db8::a:0:1'],
    ['fe80::', 'IP Address:FE80:0:0:0:0:0:0:0', 'CN=fe80::'],
    ['::ffff:1.2.3.4', 'IP Address:0:0:0:0:0:FFFF:102:304', 'CN=::ffff:1.2.3.4'],
    [longName(64), `DNS:${longName(64)}`, `CN=${longName(64)}`],
    [longName(65), `DNS:${longName(65)}`, undefined],
    [longName(253), `DNS:${longName(253)}`, undefined],
  ])('names %s in the SAN, and in the CN up to 64 characters', (host, altName, subject) => {
    const leaf = new X509Certificate(newLeaf({ host }));
    expect(leaf.subjectAltName).toBe(altName);
    expect(leaf.subject).toBe(subject);
  });

  it('makes a certificate that the root issued and that is no CA', () => {
    const root = new X509Certificate(rootDer);
    const leaf = new X509Certificate(newLeaf());
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(leafKeys.privateKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('marks the SAN critical only when the subject is empty', () => {
    const critical = Buffer.from('0603551d110101ff', 'hex');
    expect(newLeaf({ host: longName(65) }).includes(critical)).toBe(true);
    expect(newLeaf({ host: longName(64) }).includes(critical)).toBe(false);
  });

  it.each([
    ['', 'an empty host'],
    ['*.example.com', 'a wildcard'],
    ['Example.com', 'upper case'],
    ['example.com.', 'a final dot'],
    ['a..b', 'an empty label'],
    ['bücher.example', 'no ASCII'],
    ['evil.example\0.example.com', 'a NUL'],
    ['example.com:443', 'a port'],
    ['[::1]', 'brackets'],
    ['fe80::1%eth0', 'a zone'],
    [`${'a'.repeat(64)}.example`, 'a label of 64 bytes'],
    [`${longName(253)}x`, 'a name of 254 bytes'],
  ])('refuses "%s": %s', (host) => {
    expect(() => newLeaf({ host })).toThrow('its host is no name or address in normal form');
  });

  it('refuses a life of more than 397 days', () => {
    expect(() => newLeaf({ notAfter: daysLater(397) })).not.toThrow();
    const tooLate = new Date(daysLater(397).getTime() + 1000);
    expect(() => newLeaf({ notAfter: tooLate })).toThrow('397 days at most');
  });

  it('writes UTCTime up to 2049 and GeneralizedTime from 2050 on', () => {
    const der = newLeaf({
      notBefore: new Date('2049-12-31T23:59:59Z'),
      notAfter: new Date('2050-01-01T00:00:00Z'),
    });
    expect(der.includes('\x17\x0d491231235959Z')).toBe(true);
    expect(der.includes('\x18\x0f20500101000000Z')).toBe(true);
    expect(new Date(new X509Certificate(der).validTo).getUTCFullYear()).toBe(2050);
  });
});

describe('readIssuer()', () => {
  it('gives the subject of a root byte for byte and its key identifier', () => {
    const point = spki(caKeys.publicKey).subarray(26);
    const id = createHash('sha256').update(point).digest().subarray(0, 20);
    expect(issuer.subjectKeyId).toEqual(id);
    expect(rootDer.indexOf(issuer.subjectDer)).toBeGreaterThan(0);
    expect(newLeaf().includes(Buffer.concat([Buffer.from([0x80, 20]), id]))).toBe(true);
  });

  it('gives null for bytes without a subject key identifier', () => {
    expect(readIssuer(Buffer.from('3000', 'hex'))).toBeNull();
    const renamed = Buffer.from(rootDer);
    renamed[rootDer.indexOf(Buffer.from('0603551d0e', 'hex')) + 4] = 0x63;
    expect(readIssuer(renamed)).toBeNull();
  });
});

function newRoot(changes: Partial<Parameters<typeof buildCa>[0]> = {}): Buffer {
  return buildCa({
    publicKeyDer: spki(caKeys.publicKey),
    commonName: 'test root',
    serial: Buffer.from('40112233445566778899aabbccddeeff', 'hex'),
    notBefore: START,
    notAfter: daysLater(3650),
    sign: (bytes) => sign('sha256', bytes, caKeys.privateKey),
    ...changes,
  });
}

function newLeaf(changes: Partial<Parameters<typeof buildLeaf>[0]> = {}): Buffer {
  return buildLeaf({
    host: 'example.com',
    publicKeyDer: spki(leafKeys.publicKey),
    issuer,
    serial: Buffer.alloc(16, 0x41),
    notBefore: START,
    notAfter: daysLater(90),
    sign: (bytes) => sign('sha256', bytes, caKeys.privateKey),
    ...changes,
  });
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function spki(key: ReturnType<typeof newKeys>['publicKey']): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function daysLater(days: number): Date {
  return new Date(START.getTime() + days * DAY_MS);
}

/** A name of exactly that many bytes. */
function longName(bytes: number): string {
  return `${'a'.repeat(50)}.`
    .repeat(6)
    .slice(0, bytes - 2)
    .concat('.b')
    .slice(-bytes);
}
