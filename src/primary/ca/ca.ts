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
import type { Stats } from 'node:fs';
import { link, mkdir, open, readFile, realpath, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildCa, buildLeaf, type Issuer, readIssuer } from './certificate.ts';

export type Ca = {
  /** The public certificate, which agents must trust. */
  readonly certPem: string;
  readonly certPath: string;
  /** SHA-256 of its DER: upper-case hex, colons between bytes. */
  readonly sha256: string;
  /**
   * A leaf (PEM, one certificate) for a host in normal form and a worker's P-256 key (SPKI).
   * Throws on any other host or key, and when the CA has expired.
   */
  mintLeaf(host: string, leafPublicKeyDer: Buffer): string;
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
 * Opens the CA in `stateDir`: `ca.pem` and `private/ca.key`, both made when neither is there.
 * A certificate that is missing beside a key is made again from the key. Throws `Error` when the
 * key or its folder is open to others, or key and certificate are not a valid CA.
 */
export async function openCa(deps: { stateDir: string; now(): number }): Promise<Ca> {
  const { stateDir, now } = deps;
  const privateDir = join(stateDir, 'private');
  const keyPath = join(privateDir, 'ca.key');
  const certPath = join(stateDir, 'ca.pem');
  await openFolders(stateDir, privateDir);

  if (!(await exists(keyPath))) {
    if (await exists(certPath)) {
      throw new Error(
        `Cannot open CA: "${certPath}" has no key "${keyPath}"; restore the key from a backup, ` +
          `or remove "${certPath}" to make a new CA, which every agent must then be given`,
      );
    }
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await publish(keyPath, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  }
  const key = await readKey(keyPath);
  if (!(await exists(certPath))) await publish(certPath, buildRoot(key, now()), 0o644);
  const cert = await readCert(certPath, key, now());

  return {
    certPem: cert.pem,
    certPath,
    sha256: cert.sha256,
    mintLeaf: (host, leafPublicKeyDer) => {
      const nowMs = now();
      if (nowMs >= cert.notAfterMs) {
        throw new Error(`Cannot mint leaf for "${host}": the CA "${certPath}" has expired`);
      }
      const der = buildLeaf({
        host,
        publicKeyDer: leafPublicKeyDer,
        issuer: cert.issuer,
        serial: newSerial(),
        notBefore: new Date(nowMs - BACKDATE_MS),
        // A leaf that outlives its CA fails in clients with an error that names the wrong culprit.
        notAfter: new Date(Math.min(nowMs + LEAF_DAYS * DAY_MS, cert.notAfterMs)),
        sign: signWith(key),
        signer: isRsa(key) ? 'rsa' : 'ec',
      });
      return toPem(der);
    },
  };
}

async function openFolders(stateDir: string, privateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o755 });
  const state = await stat(stateDir);
  checkOwner(`state folder "${stateDir}"`, stateDir, state);
  // Who may write here may put a folder of their own in the place of private/. A group is let in
  // when it is our own: where each user has a group, folders are made 0775.
  const foreignGroup = state.gid !== 0 && state.gid !== process.getegid?.();
  if ((state.mode & 0o002) !== 0 || ((state.mode & 0o020) !== 0 && foreignGroup)) {
    throw new Error(
      `Cannot use state folder "${stateDir}": others may write to it (mode ${octal(state)}); ` +
        `run: chmod go-w ${stateDir}`,
    );
  }
  await checkParents(stateDir);
  await mkdir(privateDir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  checkSecret(`private folder "${privateDir}"`, privateDir, await stat(privateDir), 'chmod 700');
}

/** Who may write to a folder above may put another one in this one's place, unless it is sticky. */
async function checkParents(stateDir: string): Promise<void> {
  for (let path = await realpath(stateDir); path !== dirname(path); ) {
    path = dirname(path);
    const parent = await stat(path);
    if ((parent.mode & 0o002) === 0 || (parent.mode & 0o1000) !== 0) continue;
    throw new Error(
      `Cannot use state folder "${stateDir}": others may write to "${path}" above it ` +
        `(mode ${octal(parent)}); run: chmod o-w ${path}`,
    );
  }
}

/** Refuses what anyone but its owner may touch, and any owner but us and root. */
function checkSecret(what: string, path: string, stats: Stats, fix: string): void {
  checkOwner(what, path, stats);
  if ((stats.mode & 0o077) === 0) return;
  throw new Error(
    `Cannot use ${what}: group or others may access it (mode ${octal(stats)}); run: ${fix} ${path}; ` +
      'if anyone may have read the CA key, make a new CA',
  );
}

function checkOwner(what: string, path: string, stats: Stats): void {
  const uid = process.geteuid?.() ?? 0;
  if (stats.uid === uid || stats.uid === 0) return;
  throw new Error(
    `Cannot use ${what}: it belongs to user ${stats.uid}, leash runs as user ${uid}; ` +
      `run: chown ${uid} ${path}`,
  );
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

type Cert = {
  readonly pem: string;
  readonly sha256: string;
  readonly notAfterMs: number;
  readonly issuer: Issuer;
};

async function readCert(path: string, key: KeyObject, nowMs: number): Promise<Cert> {
  const refuse = (why: string): never => {
    throw new Error(
      `Cannot use CA certificate "${path}": ${why}; restore it from a backup, or remove it: the ` +
        'next start makes it again from the key, and every agent must then be given the new one',
    );
  };
  const cert = parseCert(await readFile(path, 'utf8')) ?? refuse('it is not a certificate as PEM');
  if (!cert.checkPrivateKey(key)) refuse('it does not belong to the key private/ca.key');
  if (!cert.ca) refuse('it is not that of a CA');
  const issuer = readIssuer(cert.raw) ?? refuse('it has no subjectKeyIdentifier');
  const notAfterMs = Date.parse(cert.validTo);
  if (nowMs >= notAfterMs) refuse(`it expired on ${cert.validTo}`);
  if (nowMs < Date.parse(cert.validFrom)) {
    refuse(`it is not valid before ${cert.validFrom}, check this machine's clock`);
  }
  return { pem: cert.toString(), sha256: cert.fingerprint256, notAfterMs, issuer };
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

/**
 * Puts a whole file in place, or nothing. `link`, not `rename`: when two starts race, the first one's
 * file stays and the other goes on with it.
 */
async function publish(path: string, text: string, mode: number): Promise<void> {
  const temp = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  const file = await open(temp, 'wx', mode);
  try {
    // The umask may have taken bits away, it cannot have added any.
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
    await link(temp, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await unlink(temp);
  }
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function octal(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}
