// The roots that upstream certificates are verified against: the system's, and what the operator
// adds. Read here because a worker touches no disk. There is no switch that turns verification off.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';

// Debian, Ubuntu and Alpine; Fedora and RHEL; SUSE; BSDs.
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** PEM text of all roots; Node's own list where the system has no bundle. Throws on a bad extra file. */
export async function readUpstreamRoots(extraFile: string): Promise<string> {
  const system = await readSystemRoots();
  if (extraFile === '') return system;
  let extra: string;
  try {
    extra = await readFile(extraFile, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read LEASH_UPSTREAM_CA: ${why}`);
  }
  const blocks = extra
    .split(/(?=-----BEGIN CERTIFICATE-----)/)
    .filter((text) => text.startsWith('-----BEGIN CERTIFICATE-----'));
  if (blocks.length === 0) {
    throw new Error(`Cannot read LEASH_UPSTREAM_CA: "${extraFile}" holds no PEM certificate`);
  }
  for (const [index, block] of blocks.entries()) checkCertificate(extraFile, index + 1, block);
  return `${system}\n${extra}`;
}

/** The system's alone: what an agent would trust without leash. */
export async function readSystemRoots(): Promise<string> {
  return (await firstReadable(SYSTEM_BUNDLES)) ?? rootCertificates.join('\n');
}

/** OpenSSL skips in silence what it cannot read, and then trusts less than the operator wrote. */
function checkCertificate(file: string, number: number, pem: string): void {
  try {
    new X509Certificate(pem);
  } catch {
    throw new Error(
      `Cannot read LEASH_UPSTREAM_CA: certificate ${number} of "${file}" is damaged; replace it`,
    );
  }
}

async function firstReadable(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    try {
      return await readFile(path, 'utf8');
    } catch {
      // The next distribution's place.
    }
  }
  return null;
}
