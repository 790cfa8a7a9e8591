// A certificate authority for one test run, by the openssl program, so that the servers of a test
// do not depend on leash's own code for certificates. Keys live in the test's folder only.

import { readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { run } from './run-client.ts';

export type TestCa = {
  /** File with the CA certificate, for clients and for LEASH_UPSTREAM_CA. */
  readonly caFile: string;
  /** A server certificate for these names and addresses; the first names the files. */
  issue(names: readonly string[]): Promise<{ key: string; cert: string }>;
};

/** Makes the CA in `dir`, which must exist. */
export async function makeTestCa(dir: string): Promise<TestCa> {
  const caFile = join(dir, 'test-ca.pem');
  const caKey = join(dir, 'test-ca.key');
  await openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-subj', '/CN=Test CA', '-days', '2', '-keyout', caKey, '-out', caFile],
    ...['-addext', 'keyUsage=critical,keyCertSign'],
  );
  let issued = 0;
  return {
    caFile,
    async issue(names) {
      issued += 1;
      const base = join(dir, `test-server-${issued}`);
      const request = `${base}.csr`;
      const extensions = `${base}.ext`;
      await writeFile(extensions, `subjectAltName=${names.map(altName).join(',')}\n`);
      await openssl(
        ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-subj', '/CN=test server', '-keyout', `${base}.key`, '-out', request],
      );
      await openssl(
        ...['x509', '-req', '-in', request, '-CA', caFile, '-CAkey', caKey, '-CAcreateserial'],
        ...['-days', '2', '-extfile', extensions, '-out', `${base}.pem`],
      );
      return {
        key: await readFile(`${base}.key`, 'utf8'),
        cert: await readFile(`${base}.pem`, 'utf8'),
      };
    },
  };
}

function altName(name: string): string {
  return isIP(name) === 0 ? `DNS:${name}` : `IP:${name}`;
}

async function openssl(...args: string[]): Promise<void> {
  const { code, stderr } = await run('openssl', args);
  if (code !== 0) throw new Error(`Cannot make a certificate: openssl ${args[0]}: ${stderr}`);
}
