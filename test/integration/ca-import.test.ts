// A CA that agents trust already: what import-ca.mjs takes over, what it refuses, and that leaves of it
// are what clients take.

import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCa } from '../../src/primary/ca/ca.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { ROOT } from '../support/source-tree.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const leafKey = publicKey.export({ type: 'spki', format: 'der' });

let temp: TempDir;
let stateDir: string;
beforeEach(async () => {
  temp = await tempDir();
  stateDir = join(temp.path, 'state');
  await mkdir(stateDir);
});
afterEach(() => temp.close());

describe('import-ca.mjs', () => {
  it.each(['rsa:2048', 'ec'])('a CA of %s signs leaves that verify, in TLS, too', async (kind) => {
    const imported = await importCa(await makePem(kind, 'CA:TRUE'));
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    const ca = await openCa({ stateDir, now: Date.now });
    expect(imported.stdout.trim()).toBe(ca.sha256);
    const root = new X509Certificate(ca.certPem);
    const pem = ca.mintLeaf('api.example.com', leafKey);
    const leaf = new X509Certificate(pem);
    expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
    await writeFile(join(temp.path, 'leaf.pem'), pem);
    const verified = await run('openssl', [
      ...['verify', '-x509_strict', '-verify_hostname', 'api.example.com'],
      ...['-CAfile', join(stateDir, 'ca.pem'), join(temp.path, 'leaf.pem')],
    ]);
    expect(verified.stdout).toContain('leaf.pem: OK');
    const key = await stat(join(stateDir, 'private', 'ca.key'));
    expect(key.mode & 0o777).toBe(0o600);
  });

  it('an RSA key without its certificate starts no other CA', async () => {
    await importCa(await makePem('rsa:2048', 'CA:TRUE'));
    await rm(join(stateDir, 'ca.pem'));
    await expect(openCa({ stateDir, now: Date.now })).rejects.toThrow(/restore the certificate/);
  });

  it.each([
    ['that is none of a CA', 'rsa:2048', 'CA:FALSE', 'not that of a CA'],
    ['of a short key', 'rsa:1024', 'CA:TRUE', 'RSA of 2048 bits or more'],
  ])('a certificate %s changes nothing', async (_what, kind, constraint, says) => {
    const { code, stderr } = await importCa(await makePem(kind, constraint));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(says) });
    expect(await readdir(stateDir)).toEqual([]);
  });

  it('a file that is no PEM, or has no key, changes nothing', async () => {
    const whole = await makePem('ec', 'CA:TRUE');
    const certificate = /-----BEGIN CERT.*END CERT.*?\n/s.exec(whole)?.[0] ?? '';
    for (const text of ['', 'hello', certificate]) {
      expect(await importCa(text)).toMatchObject({ code: 1, stdout: '' });
    }
    expect(await readdir(stateDir)).toEqual([]);
  });

  it('a CA that is there already is never replaced', async () => {
    const { sha256 } = await openCa({ stateDir, now: Date.now });
    expect(await importCa(await makePem('ec', 'CA:TRUE'))).toMatchObject({ stdout: '' });
    expect((await openCa({ stateDir, now: Date.now })).sha256).toBe(sha256);
  });
});

async function importCa(pem: string): Promise<RunResult> {
  const file = join(temp.path, 'given.pem');
  await writeFile(file, pem);
  return run(process.execPath, [join(ROOT, 'deploy/install/import-ca.mjs'), file, stateDir]);
}

/** Key and certificate in one text, as mitmproxy keeps them. */
async function makePem(kind: string, constraint: string): Promise<string> {
  const [key, cert] = [join(temp.path, 'key.pem'), join(temp.path, 'cert.pem')];
  const newKey = kind === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] : [kind];
  const config = join(temp.path, 'openssl.cnf');
  await writeFile(config, '[req]\ndistinguished_name = name\n[name]\n');
  const made = await run('openssl', [
    ...['req', '-x509', '-nodes', '-days', '30', '-subj', '/O=mitmproxy/CN=mitmproxy'],
    ...['-addext', `basicConstraints=critical,${constraint}`, '-config', config],
    ...['-addext', 'keyUsage=critical,keyCertSign', '-addext', 'subjectKeyIdentifier=hash'],
    ...['-keyout', key, '-out', cert],
    ...['-newkey', ...newKey],
  ]);
  expect(made).toMatchObject({ code: 0 });
  return (await readFile(key, 'utf8')) + (await readFile(cert, 'utf8'));
}
