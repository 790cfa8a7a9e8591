// The key that signs checkpoints: Ed25519, made at first start, never shown. Its public half stands in
// each checkpoint and in a file that may be copied: whoever verifies a log elsewhere compares with that.

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readOrMake } from '../state-dir.ts';
import type { Signer } from './segment-writer.ts';

/** Reads or makes the key in the state folder. Throws where it is no Ed25519 key. */
export async function openCheckpointKey(stateDir: string): Promise<Signer> {
  await mkdir(join(stateDir, 'private'), { recursive: true, mode: 0o700 });
  const path = join(stateDir, 'private', 'checkpoint-key.pem');
  const pem = await readOrMake(path, 0o600, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new Error(`Cannot sign checkpoints: ${path} holds no Ed25519 key`);
  }
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const key = Buffer.from(x, 'base64url').toString('hex');
  await writeFile(join(stateDir, 'checkpoint-key.pub'), `${key}\n`, { mode: 0o644 });
  return { key, sign: (bytes) => sign(null, bytes, privateKey).toString('hex') };
}
