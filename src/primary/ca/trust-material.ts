// What agents are given so that they trust leash: put together from the CAs, the roots of this system and
// the scripts that lie beside the program. `ca-bundle.pem` is also written into the state folder, where the
// viewer, leashctl and mounts of containers find it beside `ca.pem`.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleOf, type TrustMaterial } from '../../shared/trust/trust-files.ts';
import type { Ca } from './ca.ts';
import { replace } from './ca-folder.ts';
import { readSystemRoots } from './upstream-roots.ts';

const FOLDER = new URL('../../shared/trust/', import.meta.url);

/** Reads all of it anew, and writes `ca-bundle.pem`. */
export async function publishTrust(
  stateDir: string,
  { trusted }: Pick<Ca, 'trusted'>,
): Promise<TrustMaterial> {
  const bundlePem = bundleOf(await readSystemRoots(), trusted);
  await replace(join(stateDir, 'ca-bundle.pem'), bundlePem, 0o644);
  const script = (name: string) => readFile(new URL(name, FOLDER), 'utf8');
  return {
    cas: trusted,
    bundlePem,
    scripts: {
      trust: await script('trust.sh'),
      doctor: await script('doctor.sh'),
      nodeProxy: await script('node-proxy.cjs'),
    },
  };
}
