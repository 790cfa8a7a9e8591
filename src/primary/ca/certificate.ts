// Builds X.509 certificates as DER: the root and the leaves (RFC 5280, keys of P-256, SHA-256).
// Pure: keys, serials, times and the signing function are passed in; it never sees a private key.
// The only home of node-forge, and only of its ASN.1: forge's own RSA path is 160 times slower
// than node:crypto, and its certificate reader throws on elliptic curves.

import { createHash } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import forge from 'node-forge';

const { asn1 } = forge;
const { Class, Type } = asn1;
type Node = forge.asn1.Asn1;

/** Apple's limit for roots that a user added is 825 days, for all others 398; we keep below both. */
const MAX_LEAF_DAYS = 397;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Upper bound of a commonName (RFC 5280 A.1, ub-common-name). */
const MAX_COMMON_NAME = 64;
/** What stands before the 65 bytes of the point in the SPKI of every uncompressed P-256 key. */
const P256_SPKI_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const P256_POINT_BYTES = 65;
/** The host's own normal form: lower case, ASCII, no final dot. No wildcard is ever minted. */
const DNS_NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
const MAX_DNS_NAME = 253;

const OID = {
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  rsaWithSha256: '1.2.840.113549.1.1.11',
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

/** KeyUsage as a BIT STRING: count of unused bits, then the bits (RFC 5280 4.2.1.3). */
const USE_DIGITAL_SIGNATURE = Buffer.from([7, 0x80]);
const USE_CERT_SIGN_AND_CRL_SIGN = Buffer.from([1, 0x06]);

type Common = {
  /** SPKI of an uncompressed P-256 key. */
  readonly publicKeyDer: Buffer;
  /** Big-endian, positive, at most 20 bytes. */
  readonly serial: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Signs the bytes with SHA-256 and the issuer's key: ECDSA as DER, RSA as PKCS #1 v1.5. */
  readonly sign: (toBeSigned: Buffer) => Buffer;
  /** Of the issuer's key; a CA that was imported may be RSA. */
  readonly signer?: 'ec' | 'rsa';
};
/** What a leaf says about its issuer, taken from the root: `readIssuer(rootDer)`. */
export type Issuer = { readonly subjectDer: Buffer; readonly subjectKeyId: Buffer };
export type CaRequest = Common & { readonly commonName: string };
export type LeafRequest = Common & { readonly host: string; readonly issuer: Issuer };

/** A self-signed root that may sign leaves only (DER). Throws `RangeError` on a key of another kind. */
export function buildCa(request: CaRequest): Buffer {
  const point = readPoint(request.publicKeyDer);
  const subject = nameOf(request.commonName);
  const id = keyId(point);
  return buildCertificate(request, {
    issuer: subject,
    subject,
    point,
    extensions: [
      extension(OID.basicConstraints, true, sequence(boolean(true), integer(Buffer.from([0])))),
      extension(OID.keyUsage, true, primitive(Type.BITSTRING, USE_CERT_SIGN_AND_CRL_SIGN)),
      extension(OID.subjectKeyId, false, primitive(Type.OCTETSTRING, id)),
      extension(OID.authorityKeyId, false, authorityKeyId(id)),
    ],
  });
}

/**
 * A server certificate for one host (DER). `host`: a name in normal form, IPv4, or IPv6 without
 * brackets. Throws `RangeError` on any other host, on a key of another kind, on a life too long.
 */
export function buildLeaf(request: LeafRequest): Buffer {
  const { host, issuer, notBefore, notAfter } = request;
  if (notAfter.getTime() - notBefore.getTime() > MAX_LEAF_DAYS * DAY_MS) {
    throw new RangeError(
      `Cannot build leaf for "${host}": it may live ${MAX_LEAF_DAYS} days at most`,
    );
  }
  const altName = altNameOf(host);
  const point = readPoint(request.publicKeyDer);
  const hasSubject = host.length <= MAX_COMMON_NAME;
  return buildCertificate(request, {
    issuer: parse(issuer.subjectDer),
    subject: hasSubject ? nameOf(host) : sequence(),
    point,
    extensions: [
      extension(OID.basicConstraints, true, sequence()),
      extension(OID.keyUsage, true, primitive(Type.BITSTRING, USE_DIGITAL_SIGNATURE)),
      extension(OID.extKeyUsage, false, sequence(oid(OID.serverAuth))),
      extension(OID.subjectKeyId, false, primitive(Type.OCTETSTRING, keyId(point))),
      extension(OID.authorityKeyId, false, authorityKeyId(issuer.subjectKeyId)),
      // RFC 5280 4.2.1.6: critical when the subject is empty.
      extension(OID.subjectAltName, !hasSubject, sequence(altName)),
    ],
  });
}

/** Subject and subjectKeyIdentifier of a root, byte for byte, or null when it has no such identifier. */
export function readIssuer(certificateDer: Buffer): Issuer | null {
  const tbs = childrenOf(childrenOf(parse(certificateDer))[0]);
  const subject = tbs[5];
  const last = tbs.at(-1);
  if (subject === undefined || last?.tagClass !== Class.CONTEXT_SPECIFIC) return null;
  const wanted = asn1.oidToDer(OID.subjectKeyId).getBytes();
  for (const item of childrenOf(childrenOf(last)[0])) {
    const [id, ...rest] = childrenOf(item);
    const value = rest.at(-1)?.value;
    if (id?.value !== wanted || typeof value !== 'string') continue;
    const inner = parse(Buffer.from(value, 'latin1')).value;
    if (typeof inner !== 'string') return null;
    return { subjectDer: encode(subject), subjectKeyId: Buffer.from(inner, 'latin1') };
  }
  return null;
}

type Parts = {
  readonly issuer: Node;
  readonly subject: Node;
  readonly point: Buffer;
  readonly extensions: readonly Node[];
};

function buildCertificate(common: Common, parts: Parts): Buffer {
  const isRsa = common.signer === 'rsa';
  // RFC 4055 5: the parameters of RSA are NULL; RFC 5758 3.2: those of ECDSA are absent.
  const algorithm = isRsa
    ? sequence(oid(OID.rsaWithSha256), primitive(Type.NULL, Buffer.alloc(0)))
    : sequence(oid(OID.ecdsaWithSha256));
  const version3 = Buffer.from([2]);
  const toBeSigned = sequence(
    context(0, [integer(version3)]),
    integer(common.serial),
    algorithm,
    parts.issuer,
    sequence(time(common.notBefore), time(common.notAfter)),
    parts.subject,
    sequence(sequence(oid(OID.ecPublicKey), oid(OID.prime256v1)), bits(parts.point)),
    context(3, [sequence(...parts.extensions)]),
  );
  return encode(sequence(toBeSigned, algorithm, bits(common.sign(encode(toBeSigned)))));
}

function readPoint(publicKeyDer: Buffer): Buffer {
  const point = publicKeyDer.subarray(P256_SPKI_HEAD.length);
  const head = publicKeyDer.subarray(0, P256_SPKI_HEAD.length);
  if (!head.equals(P256_SPKI_HEAD) || point.length !== P256_POINT_BYTES) {
    throw new RangeError('Cannot build certificate: its key must be an uncompressed P-256 SPKI');
  }
  return point;
}

/** RFC 7093 method 1: the first 160 bits of SHA-256, so that no SHA-1 is needed. */
function keyId(point: Buffer): Buffer {
  return createHash('sha256').update(point).digest().subarray(0, 20);
}

function altNameOf(host: string): Node {
  if (isIPv4(host)) return context(7, Buffer.from(host.split('.').map(Number)));
  if (isIPv6(host) && !host.includes('%')) return context(7, ipv6Bytes(host));
  if (host.length <= MAX_DNS_NAME && DNS_NAME.test(host)) return context(2, Buffer.from(host));
  throw new RangeError('Cannot build leaf: its host is no name or address in normal form');
}

/** `address` is valid IPv6 without a zone. */
function ipv6Bytes(address: string): Buffer {
  // URL writes every IPv6 address in hex groups, also one with a dotted tail.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groupsOf = (text: string) => (text === '' ? [] : text.split(':'));
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((group) => group.padStart(4, '0'));
  return Buffer.from(groups.join(''), 'hex');
}

function nameOf(commonName: string): Node {
  const value = primitive(Type.UTF8, Buffer.from(commonName));
  return sequence(
    asn1.create(Class.UNIVERSAL, Type.SET, true, [sequence(oid(OID.commonName), value)]),
  );
}

function authorityKeyId(id: Buffer): Node {
  return sequence(context(0, id));
}

function extension(id: string, critical: boolean, value: Node): Node {
  const wrapped = primitive(Type.OCTETSTRING, encode(value));
  // DER leaves a member out that has its default value (X.690 11.5).
  return critical ? sequence(oid(id), boolean(true), wrapped) : sequence(oid(id), wrapped);
}

/** UTCTime ends with 2049 (RFC 5280 4.1.2.5). */
function time(date: Date): Node {
  return date.getUTCFullYear() < 2050
    ? asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(Class.UNIVERSAL, Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

function sequence(...children: Node[]): Node {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, children);
}

function context(tag: number, content: Node[] | Buffer): Node {
  const isPrimitive = Buffer.isBuffer(content);
  const value = isPrimitive ? content.toString('latin1') : content;
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, !isPrimitive, value);
}

function primitive(type: forge.asn1.Type, content: Buffer): Node {
  return asn1.create(Class.UNIVERSAL, type, false, content.toString('latin1'));
}

function oid(id: string): Node {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(id).getBytes());
}

function boolean(value: boolean): Node {
  return primitive(Type.BOOLEAN, Buffer.from([value ? 0xff : 0]));
}

function integer(bigEndian: Buffer): Node {
  return primitive(Type.INTEGER, bigEndian);
}

/** A BIT STRING of whole bytes. */
function bits(content: Buffer): Node {
  return primitive(Type.BITSTRING, Buffer.concat([Buffer.from([0]), content]));
}

function childrenOf(node: Node | undefined): readonly Node[] {
  return Array.isArray(node?.value) ? node.value : [];
}

function parse(der: Buffer): Node {
  return asn1.fromDer(der.toString('latin1'));
}

function encode(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}
