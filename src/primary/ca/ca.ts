// The certificate authority that agents trust: makes it on the first start, opens it on every other,
// and signs leaves. It knows nothing of workers, pipes or who asked for a leaf.
//
// Invariant: the CA key never leaves ca.ts; callers get the public certificate and signed leaves.
// Invariant: the CA key is never on disk half written, nor ever readable by another user.

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readCas, type TrustedCa } from '../../shared/trust/trusted-ca.ts';
import { checkSecret, exists, openFolders, publish, replace, syncFolder } from './ca-folder.ts';
import { buildCa, buildLeaf, type Issuer, readIssuer } from './certificate.ts';

export type Ca = {
  /** The public certificate of the CA that signs. */
  readonly certPem: string;
  /** All that agents are to trust. */
  readonly certPath: string;
  /** SHA-256 of its DER: upper-case hex, colons between bytes. */
  readonly sha256: string;
  /** What agents are to trust; the one that signs goes first. */
  readonly trusted: readonly TrustedCa[];
  /** The CA that will sign next; null: none was made. */
  readonly next: TrustedCa | null;
  /**
   * A leaf for a host in normal form and a worker's P-256 key (SPKI), and the CA that signed it: PEM.
   * Throws on any other host or key, and when the CA has expired.
   */
  mintLeaf(host: string, leafPublicKeyDer: Buffer): string;
  /** Makes the CA that will sign next, where there is none; agents are to trust it from now on. */
  addNext(): Promise<void>;
  /** The next CA signs from now on. Its key takes the place of the one before, which is gone for good. */
  promote(): Promise<void>;
  /** Agents need not trust any longer what signs no more. */
  dropOld(): Promise<void>;
};

const DAY_MS = 24 * 60 * 60 * 1000;
/** Replacing the root means visiting every agent, so it lives as long as a machine image may. */
const ROOT_DAYS = 10 * 365;
/** Far below what any client refuses (397 days), far above the life of a worker. */
const LEAF_DAYS = 90;
/** A client whose clock runs late still accepts what was made just now. */
const BACKDATE_MS = DAY_MS;
const SERIAL_BYTES = 16;
/** Clients refuse less. */
const MIN_RSA_BITS = 2048;

/**
 * Opens the CA in `stateDir`: `ca.pem` and `private/ca.key`, both made when neither is there, and
 * `private/ca-next.key` while a new CA waits beside it. A certificate that is missing beside a key is
 * made again from the key. Throws `Error` when a key or its folder is open to others, or key and
 * certificate are not a valid CA.
 */
export async function openCa(deps: { stateDir: string; now(): number }): Promise<Ca> {
  const { stateDir, now } = deps;
  const privateDir = join(stateDir, 'private');
  const keyPath = join(privateDir, 'ca.key');
  const nextPath = join(privateDir, 'ca-next.key');
  const certPath = join(stateDir, 'ca.pem');
  await openFolders(stateDir, privateDir);

  if (!(await exists(keyPath))) {
    if (await exists(certPath)) {
      throw new Error(
        `Cannot open CA: "${certPath}" has no key "${keyPath}"; restore the key from a backup, ` +
          `or remove "${certPath}" to make a new CA, which every agent must then be given`,
      );
    }
    await publish(keyPath, newKey(), 0o600);
  }
  const key = await readKey(keyPath);
  if (!(await exists(certPath))) await publish(certPath, buildRoot(key, now()), 0o644);
  const certs = await readCerts(certPath);
  let signer = readSigner(certPath, certs, key, now());
  let next = await readNext();
  let old = certs.filter((cert) => !cert.raw.equals(signer.cert.raw) && !sameKey(cert, next?.key));
  let trusted: readonly TrustedCa[] = [];
  await writeTrusted();

  /** Where a start or a rotation died between its two steps, this is the second one. */
  async function readNext(): Promise<Signer | null> {
    if (!(await exists(nextPath))) return null;
    const nextKey = await readKey(nextPath);
    const cert = certs.find((known) => known.checkPrivateKey(nextKey));
    const pem = cert?.toString() ?? buildRoot(nextKey, now());
    return readSigner(certPath, [new X509Certificate(pem)], nextKey, now());
  }

  async function writeTrusted(): Promise<void> {
    const all = [signer.cert, ...(next === null ? [] : [next.cert]), ...old];
    const text = all.map((cert) => `${cert.toString().trimEnd()}\n`).join('');
    trusted = readCas(text);
    if ((await readFile(certPath, 'utf8')) !== text) await replace(certPath, text, 0o644);
  }

  return {
    certPath,
    get certPem() {
      return signer.cert.toString();
    },
    get sha256() {
      return signer.cert.fingerprint256;
    },
    get trusted() {
      return trusted;
    },
    get next() {
      return next === null ? null : (trusted[1] ?? null);
    },
    mintLeaf(host, leafPublicKeyDer) {
      const nowMs = now();
      if (nowMs >= signer.notAfterMs) {
        throw new Error(`Cannot mint leaf for "${host}": the CA "${certPath}" has expired`);
      }
      const der = buildLeaf({
        host,
        publicKeyDer: leafPublicKeyDer,
        issuer: signer.issuer,
        serial: newSerial(),
        notBefore: new Date(nowMs - BACKDATE_MS),
        // A leaf that outlives its CA fails in clients with an error that names the wrong culprit.
        notAfter: new Date(Math.min(nowMs + LEAF_DAYS * DAY_MS, signer.notAfterMs)),
        sign: signWith(signer.key),
        signer: isRsa(signer.key) ? 'rsa' : 'ec',
      });
      return `${toPem(der).trimEnd()}\n${signer.cert.toString()}`;
    },
    async addNext() {
      if (next !== null) return;
      await publish(nextPath, newKey(), 0o600);
      next = await readNext();
      await writeTrusted();
    },
    async promote() {
      if (next === null) return;
      // Whoever starts after this finds the new key, and both certificates.
      await rename(nextPath, keyPath);
      await syncFolder(privateDir);
      old = [signer.cert, ...old];
      signer = next;
      next = null;
      await writeTrusted();
    },
    async dropOld() {
      old = [];
      await writeTrusted();
    },
  };
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function sameKey(cert: X509Certificate, key: KeyObject | undefined): boolean {
  return key !== undefined && cert.checkPrivateKey(key);
}

async function readKey(path: string): Promise<KeyObject> {
  const file = await open(path, 'r');
  let text: string;
  try {
    checkSecret(`CA key "${path}"`, path, await file.stat(), 'chmod 600');
    text = await file.readFile('utf8');
  } finally {
    await file.close();
  }
  const key = parseKey(text);
  if (key?.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  if (key !== null && isRsa(key)) return key;
  throw new Error(
    `Cannot use CA key "${path}": it must be a P-256 private key as PEM without passphrase (or, of ` +
      'a CA that was imported, RSA of 2048 bits or more), got ' +
      `${key?.asymmetricKeyType ?? 'none that can be read'}; restore it from a backup, or remove it ` +
      'and ca.pem to make a new CA',
  );
}

/** The key, or null: OpenSSL's own words say nothing to an operator. */
function parseKey(text: string): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch {
    return null;
  }
}

type Signer = {
  readonly key: KeyObject;
  readonly cert: X509Certificate;
  readonly notAfterMs: number;
  readonly issuer: Issuer;
};

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

async function readCerts(path: string): Promise<X509Certificate[]> {
  const text = await readFile(path, 'utf8');
  const certs = (text.match(BLOCK) ?? [text]).map(parseCert);
  if (certs.includes(null)) refuseCert(path, 'it is not a certificate as PEM');
  return certs.filter((cert) => cert !== null);
}

function readSigner(
  path: string,
  certs: readonly X509Certificate[],
  key: KeyObject,
  nowMs: number,
): Signer {
  const refuse = (why: string) => refuseCert(path, why);
  const cert =
    certs.find((known) => known.checkPrivateKey(key)) ??
    refuse('it does not belong to the key private/ca.key');
  if (!cert.ca) refuse('it is not that of a CA');
  const issuer = readIssuer(cert.raw) ?? refuse('it has no subjectKeyIdentifier');
  const notAfterMs = Date.parse(cert.validTo);
  if (nowMs >= notAfterMs) refuse(`it expired on ${cert.validTo}`);
  if (nowMs < Date.parse(cert.validFrom)) {
    refuse(`it is not valid before ${cert.validFrom}, check this machine's clock`);
  }
  return { key, cert, notAfterMs, issuer };
}

function refuseCert(path: string, why: string): never {
  throw new Error(
    `Cannot use CA certificate "${path}": ${why}; restore it from a backup, or remove it: the ` +
      'next start makes it again from the key, and every agent must then be given the new one',
  );
}

function parseCert(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text);
  } catch {
    return null;
  }
}

function buildRoot(key: KeyObject, nowMs: number): string {
  if (isRsa(key)) {
    throw new Error(
      'Cannot make ca.pem from an RSA key: restore the certificate that was imported',
    );
  }
  const publicKeyDer = createPublicKey(key).export({ type: 'spki', format: 'der' });
  // Two CAs of one name confuse clients that trust both; the same key always gets the same name.
  const tag = publicKeyDer.subarray(-4).toString('hex');
  const der = buildCa({
    publicKeyDer,
    commonName: `leash CA ${tag}`,
    serial: newSerial(),
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(nowMs + ROOT_DAYS * DAY_MS),
    sign: signWith(key),
  });
  return toPem(der);
}

function isRsa(key: KeyObject): boolean {
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  return key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS;
}

/** Inline, not in a thread pool: a P-256 signature takes less time than a hop to a thread. */
function signWith(key: KeyObject): (toBeSigned: Buffer) => Buffer {
  return (toBeSigned) => sign('sha256', toBeSigned, key);
}

/** Positive, without a leading zero byte, 126 bits of chance. */
function newSerial(): Buffer {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

function toPem(der: Buffer): string {
  return new X509Certificate(der).toString();
}
