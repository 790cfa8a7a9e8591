// leash's CA and the scripts that make a client trust it, read where the primary and the build put them.
// For the viewer's public routes and for leashctl; public files only.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrustMaterial } from '../shared/trust/trust-files.ts';
import { readCas } from '../shared/trust/trusted-ca.ts';

const FOLDER = new URL('../shared/trust/', import.meta.url);

/** Null: there is no CA yet. */
export async function readTrust(stateDir: string): Promise<TrustMaterial | null> {
  const pem = (name: string) => readFile(join(stateDir, name), 'utf8').catch(() => '');
  const cas = readCas(await pem('ca.pem'));
  if (cas.length === 0) return null;
  const script = (name: string) => readFile(new URL(name, FOLDER), 'utf8');
  return {
    cas,
    bundlePem: await pem('trust/ca-bundle.pem'),
    scripts: {
      trust: await script('trust.sh'),
      doctor: await script('doctor.sh'),
      nodeProxy: await script('node-proxy.cjs'),
    },
  };
}
