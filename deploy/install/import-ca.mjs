// Makes a CA that agents trust already that of leash: import-ca.mjs PEM-FILE STATE-FOLDER. The file
// holds certificate and key, as mitmproxy-ca.pem of mitmproxy does. Replaces nothing.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [pemFile = '', stateDir = ''] = process.argv.slice(2);
const text = readFileSync(pemFile, 'utf8');
const cert = readPart('certificate', () => new X509Certificate(text));
const key = readPart('private key without passphrase', () => createPrivateKey(text));
const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
if (namedCurve !== 'prime256v1' && !(key.asymmetricKeyType === 'rsa' && modulusLength >= 2048)) {
  refuse('its key must be P-256, or RSA of 2048 bits or more');
}
if (!cert.ca) refuse('its certificate is not that of a CA');
if (!cert.checkPrivateKey(key)) refuse('certificate and key do not belong together');
if (Date.parse(cert.validTo) <= Date.now()) refuse(`it expired on ${cert.validTo}`);

const privateDir = join(stateDir, 'private');
mkdirSync(privateDir, { recursive: true, mode: 0o700 });
const pem = key.export({ type: 'pkcs8', format: 'pem' });
writeFileSync(join(privateDir, 'ca.key'), pem, { mode: 0o600, flag: 'wx', flush: true });
writeFileSync(join(stateDir, 'ca.pem'), cert.toString(), { mode: 0o644, flag: 'wx', flush: true });
process.stdout.write(`${cert.fingerprint256}\n`);

function readPart(what, read) {
  try {
    return read();
  } catch {
    return refuse(`it has no ${what} in PEM`);
  }
}

function refuse(why) {
  process.stderr.write(`${pemFile} cannot be the CA of leash: ${why}\n`);
  process.exit(1);
}
