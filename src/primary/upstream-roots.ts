// The roots that upstream certificates are verified against: the system's, and what the operator
// adds. Read here because a worker touches no disk. There is no switch that turns verification off.

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
  const system = (await firstReadable(SYSTEM_BUNDLES)) ?? rootCertificates.join('\n');
  if (extraFile === '') return system;
  let extra: string;
  try {
    extra = await readFile(extraFile, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read LEASH_UPSTREAM_CA: ${why}`);
  }
  if (!extra.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error(`Cannot read LEASH_UPSTREAM_CA: "${extraFile}" holds no PEM certificate`);
  }
  return `${system}\n${extra}`;
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
