// openCa() on a real folder: what it makes, what it refuses, what it recovers from.

import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCa } from '../../src/primary/ca/ca.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START_MS = Date.parse('2026-03-04T05:06:07Z');
const leafKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const leafKey = leafKeys.publicKey.export({ type: 'spki', format: 'der' });

let stateDir: string;
let keyPath: string;
let certPath: string;
let nowMs: number;
beforeEach(async () => {
  stateDir = await fs.mkdtemp(join(tmpdir(), 'leash-ca-'));
  keyPath = join(stateDir, 'private', 'ca.key');
  certPath = join(stateDir, 'ca.pem');
  nowMs = START_MS;
});
afterEach(() => fs.rm(stateDir, { recursive: true }));
const open = () => openCa({ stateDir, now: () => nowMs });

describe('openCa() on an empty folder', () => {
  it('makes a key of mode 0600 in a folder of 0700 and a certificate of 0644, nothing else', async () => {
    const ca = await open();
    expect(await modeOf(join(stateDir, 'private'))).toBe(0o700);
    expect(await modeOf(keyPath)).toBe(0o600);
    expect(await modeOf(certPath)).toBe(0o644);
    expect(await fs.readdir(stateDir)).toEqual(['ca.pem', 'private']);
    expect(await fs.readdir(join(stateDir, 'private'))).toEqual(['ca.key']);
    expect(ca.certPath).toBe(certPath);
    expect(ca.certPem).toBe(await fs.readFile(certPath, 'utf8'));
    expect(ca.sha256).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(createPrivateKey(await fs.readFile(keyPath)).asymmetricKeyDetails?.namedCurve).toBe(
      'prime256v1',
    );
  });

  it.each([0o000, 0o022, 0o077])('gives the same modes under umask %o', async (umask) => {
    const before = process.umask(umask);
    await open().finally(() => process.umask(before));
    expect(await modeOf(join(stateDir, 'private'))).toBe(0o700);
    expect(await modeOf(keyPath)).toBe(0o600);
    expect(await modeOf(certPath)).toBe(0o644);
  });

  it('makes the state folder too', async () => {
    stateDir = join(stateDir, 'a', 'b');
    await open();
    expect(await modeOf(stateDir)).toBe(0o755);
    stateDir = join(stateDir, '..', '..');
  });

  it('makes a root of ten years, back-dated a day', async () => {
    const root = new X509Certificate((await open()).certPem);
    expect(Date.parse(root.validFrom)).toBe(START_MS - DAY_MS);
    expect(Date.parse(root.validTo)).toBe(START_MS + 3650 * DAY_MS);
    expect(root.subject).toMatch(/^CN=leash CA [0-9a-f]{8}$/);
  });

  it('makes one CA when two starts race', async () => {
    const all = await Promise.all([open(), open(), open(), open()]);
    expect(new Set(all.map((ca) => ca.sha256)).size).toBe(1);
    expect(await fs.readdir(join(stateDir, 'private'))).toEqual(['ca.key']);
  });
});

describe('openCa() on a folder that has a CA', () => {
  it('opens the same CA again', async () => {
    const first = await open();
    expect((await open()).sha256).toBe(first.sha256);
  });

  it('makes the certificate again from the key when a start died between the two', async () => {
    const first = new X509Certificate((await open()).certPem);
    await fs.rm(certPath);
    const again = await open();
    const leaf = new X509Certificate(again.mintLeaf('example.com', leafKey));
    expect(leaf.checkIssued(first) && leaf.verify(first.publicKey)).toBe(true);
    expect(new X509Certificate(again.certPem).subject).toBe(first.subject);
  });

  it('is not disturbed by what a killed start left behind', async () => {
    await fs.mkdir(join(stateDir, 'private'), { mode: 0o700 });
    await fs.writeFile(`${keyPath}.0011223344556677.tmp`, '-----BEGIN', { mode: 0o600 });
    await open();
    expect((await open()).sha256).toBeTruthy();
  });

  // A key that others may read is not safe by being fixed silently: somebody may have it already.
  it.each([0o640, 0o604, 0o660, 0o601])('refuses a key of mode %o', async (mode) => {
    await open();
    await fs.chmod(keyPath, mode);
    await expect(open()).rejects.toThrow(
      new RegExp(`Cannot use CA key ".*ca.key": group or others .* run: chmod 600 ${keyPath}`),
    );
  });

  it.each([0o750, 0o705, 0o701])('refuses a private folder of mode %o', async (mode) => {
    await open();
    await fs.chmod(join(stateDir, 'private'), mode);
    await expect(open()).rejects.toThrow(
      /private folder ".*private": group or others .* chmod 700/,
    );
  });

  it('refuses a state folder that everyone may write to', async () => {
    await fs.chmod(stateDir, 0o777);
    await expect(open()).rejects.toThrow(/others may write to it \(mode 0777\); run: chmod go-w/);
    await expect(fs.stat(keyPath)).rejects.toThrow('ENOENT');
  });

  it.runIf(process.getuid?.() === 0)('refuses what belongs to another user or group', async () => {
    await open();
    await fs.chown(keyPath, 12345, 0);
    await expect(open()).rejects.toThrow(
      /CA key ".*" *: it belongs to user 12345, leash runs as user 0/,
    );
    await fs.chown(keyPath, 0, 0);
    await fs.chown(join(stateDir, 'private'), 12345, 0);
    await expect(open()).rejects.toThrow(/private folder .* belongs to user 12345/);
    await fs.chown(join(stateDir, 'private'), 0, 0);
    await fs.chown(stateDir, 12345, 0);
    await expect(open()).rejects.toThrow(/state folder .* belongs to user 12345/);
    await fs.chown(stateDir, 0, 12345);
    await fs.chmod(stateDir, 0o775);
    await expect(open()).rejects.toThrow(/others may write to it \(mode 0775\)/);
  });

  it.each([
    ['a P-384 key', pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })), 'got ec'],
    ['a short RSA key', pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 })), 'got rsa'],
    ['half a key', pemOf(leafKeys).slice(0, 100), 'got none that can be read'],
    ['an empty file', '', 'got none that can be read'],
  ])('refuses %s', async (_what, pem, got) => {
    await open();
    await fs.writeFile(keyPath, pem);
    await expect(open()).rejects.toThrow(/Cannot use CA key .* must be a P-256 private key/);
    await expect(open()).rejects.toThrow(got);
  });

  it('refuses a certificate without its key, and makes no new one', async () => {
    await open();
    await fs.rm(keyPath);
    await expect(open()).rejects.toThrow(/has no key .* restore the key from a backup/);
    await expect(fs.stat(keyPath)).rejects.toThrow('ENOENT');
  });

  it('refuses a certificate that belongs to another key', async () => {
    await open();
    await fs.writeFile(keyPath, pemOf(leafKeys));
    await expect(open()).rejects.toThrow(/ca.pem": it does not belong to the key/);
  });

  it('refuses a leaf in the place of the root', async () => {
    const ca = await open();
    await fs.writeFile(certPath, ca.mintLeaf('example.com', leafKey));
    await fs.writeFile(keyPath, pemOf(leafKeys));
    await expect(open()).rejects.toThrow('it is not that of a CA');
  });

  it('refuses a file that is no certificate', async () => {
    await open();
    await fs.writeFile(certPath, '');
    await expect(open()).rejects.toThrow(/is not a certificate as PEM; restore it .* or remove it/);
  });

  it('refuses an expired certificate, and one that is not yet valid', async () => {
    await open();
    nowMs = START_MS + 3650 * DAY_MS - 1;
    await open();
    nowMs += 1;
    await expect(open()).rejects.toThrow(/it expired on Mar +1 05:06:07 2036 GMT; /);
    nowMs = START_MS - 2 * DAY_MS;
    await expect(open()).rejects.toThrow("check this machine's clock");
  });
});

describe('mintLeaf()', () => {
  it('lives 90 days from now and a day back, never beyond the CA', async () => {
    const ca = await open();
    const leaf = new X509Certificate(ca.mintLeaf('example.com', leafKey));
    expect(Date.parse(leaf.validFrom)).toBe(START_MS - DAY_MS);
    expect(Date.parse(leaf.validTo)).toBe(START_MS + 90 * DAY_MS);
    nowMs = START_MS + 3600 * DAY_MS;
    const late = new X509Certificate(ca.mintLeaf('example.com', leafKey));
    expect(late.validTo).toBe(new X509Certificate(ca.certPem).validTo);
    nowMs = START_MS + 3650 * DAY_MS;
    expect(() => ca.mintLeaf('example.com', leafKey)).toThrow('has expired');
  });

  it('gives every leaf a positive random serial of 16 bytes', async () => {
    const ca = await open();
    const mint = () => new X509Certificate(ca.mintLeaf('example.com', leafKey)).serialNumber;
    const serials = Array.from({ length: 200 }, mint);
    expect(new Set(serials).size).toBe(200);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it('refuses hosts and keys that are not in order', async () => {
    const ca = await open();
    expect(() => ca.mintLeaf('*.example.com', leafKey)).toThrow('normal form');
    expect(() => ca.mintLeaf('example.com', leafKey.subarray(1))).toThrow('P-256');
  });
});

describe('Invariant: the CA key never leaves ca.ts; callers get the public certificate and signed leaves.', () => {
  it('holds for all that an open CA shows', async () => {
    const ca = await open();
    const shown = [JSON.stringify(ca), ca.mintLeaf('example.com', leafKey), String(ca.mintLeaf)];
    const secret = createPrivateKey(await fs.readFile(keyPath)).export({ format: 'jwk' }).d ?? '';
    expect(Object.keys(ca).sort()).toEqual([
      ...['addNext', 'certPath', 'certPem', 'dropOld', 'mintLeaf', 'next', 'promote', 'sha256'],
      'trusted',
    ]);
    for (const text of shown) {
      expect(text).not.toContain('PRIVATE');
      expect(text).not.toContain(secret);
    }
  });
});

describe('Invariant: the CA key is never on disk half written, nor ever readable by another user.', () => {
  it('holds at every moment that a watcher of the folder sees', async () => {
    await fs.mkdir(join(stateDir, 'private'), { mode: 0o700 });
    const done = new AbortController();
    const seen: { mode: number; whole: boolean }[] = [];
    const watching = (async () => {
      while (!done.signal.aborted) {
        for (const name of await fs.readdir(join(stateDir, 'private'))) {
          const path = join(stateDir, 'private', name);
          const stats = await fs.stat(path).catch(() => null);
          const text = await fs.readFile(path, 'utf8').catch(() => null);
          if (stats === null || text === null) continue;
          const whole = name !== 'ca.key' || text.endsWith('-----END PRIVATE KEY-----\n');
          seen.push({ mode: stats.mode & 0o777, whole });
        }
      }
    })();
    await open();
    done.abort();
    await watching;
    for (const moment of seen) expect(moment).toEqual({ mode: 0o600, whole: true });
  });
});

async function modeOf(path: string): Promise<number> {
  return (await fs.stat(path)).mode & 0o7777;
}

function pemOf(keys: { privateKey: ReturnType<typeof createPrivateKey> }): string {
  return keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
