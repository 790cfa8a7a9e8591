// `leashctl fingerprint`: what stands in the record for a credential, so that an operator who has one can
// find where it was used. The credential comes on standard input: an argument would be in the list of processes.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authScheme } from '../../../shared/credential-headers.ts';
import { fingerprint } from '../../../shared/fingerprint.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import { type Call, EXIT, hasCode, type Verb } from '../table/verb.ts';

export const FINGERPRINT_VERB: Verb = {
  name: 'fingerprint',
  group: 'record',
  help: 'a credential on standard input → what LEASH_SECRETS=fingerprint records',
  exits: { unreachable: 'leash has made no key yet' },
  examples: [
    {
      command: 'leashctl fingerprint < key.txt',
      what: 'then leashctl search header:VALUE finds where it was used',
    },
  ],
  run: runFingerprint,
};

async function runFingerprint({ config, json, io }: Call): Promise<number> {
  const path = join(config.stateDir, 'private', 'secrets-key');
  let key: string;
  try {
    key = await readFile(path, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    io.err(`there is no key: leash makes ${path} when it starts with LEASH_SECRETS=fingerprint`);
    return EXIT.unreachable;
  }
  const secret = (await io.input()).replace(/\r?\n$/, '');
  if (secret === '') {
    io.err('leashctl: fingerprint takes the credential on standard input, got nothing');
    return EXIT.usage;
  }
  // As the record has it: the scheme is left, what follows it is the secret.
  const scheme = authScheme(secret);
  const hidden = fingerprint(secret.slice(scheme.length).trim(), Buffer.from(key.trim(), 'base64'));
  const value = scheme + hidden;
  io.out(json ? visibleJson({ fingerprint: value }) : value);
  return EXIT.ok;
}
