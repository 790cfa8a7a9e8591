// What agents are given so that they trust leash: put together from the CAs, the roots of this system and
// the scripts that lie beside the program. CAs and bundle are also written into `trust/` of the state folder:
// a folder that a container may be given whole, so that it follows a change, and that has nothing else in it.

import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleOf, caPem, type TrustMaterial } from '../../shared/trust/trust-files.ts';
import type { Ca } from './ca.ts';
import { replace } from './ca-folder.ts';
import { readSystemRoots } from './upstream-roots.ts';

const FOLDER = new URL('../../shared/trust/', import.meta.url);

/** Reads all of it anew, and writes the two files of `trust/`. */
export async function publishTrust(
  stateDir: string,
  { trusted }: Pick<Ca, 'trusted'>,
): Promise<TrustMaterial> {
  const bundlePem = bundleOf(await readSystemRoots(), trusted);
  const folder = join(stateDir, 'trust');
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  await replace(join(folder, 'ca.pem'), caPem(trusted), 0o644);
  await replace(join(folder, 'ca-bundle.pem'), bundlePem, 0o644);
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
