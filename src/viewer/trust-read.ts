// leash's CA and the scripts that make a client trust it, read where the primary and the build put them.
// For the viewer's public routes and for leashctl; public files only.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { renderTrustFile, type TrustMaterial, trustFileKey } from '../shared/trust/trust-files.ts';
import { readCas } from '../shared/trust/trusted-ca.ts';

/** Texts that name the proxy, for the addresses of this host; each is made again in milliseconds. */
const MAX_KEPT = 64;

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

/** Another text where the CA or the bundle is another file. */
async function trustState(stateDir: string): Promise<string> {
  const states = ['ca.pem', 'trust/ca-bundle.pem'].map((name) =>
    stat(join(stateDir, name)).then(
      ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
      () => '',
    ),
  );
  return (await Promise.all(states)).join();
}

/** Each text is in memory once, however many wait for it, or stop reading it. Null: there is no CA. */
export function keepTrustTexts(stateDir: string) {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  let keptOf = '';
  return async (name: string, authority: string): Promise<Uint8Array<ArrayBuffer> | null> => {
    const state = await trustState(stateDir);
    if (state !== keptOf) kept.clear();
    keptOf = state;
    const key = trustFileKey(name, authority);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const material = await readTrust(stateDir);
    if (material === null) return null;
    // Another request may have made it meanwhile.
    const other = kept.get(key);
    if (other !== undefined && keptOf === state) return other;
    const text = new Uint8Array(Buffer.from(renderTrustFile(name, material, authority) ?? ''));
    if (keptOf !== state) return text;
    if (kept.size >= MAX_KEPT) {
      for (const old of kept.keys()) if (old.includes(' ')) kept.delete(old);
    }
    kept.set(key, text);
    return text;
  };
}
