// From one CA to the next, on real files, with a clock that the test moves: each step, and each death
// between two steps.

import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ca, openCa } from '../../src/primary/ca/ca.ts';
import { type Rotation, startRotation } from '../../src/primary/ca/rotation.ts';
import { readCas } from '../../src/shared/trust/trusted-ca.ts';

const DAY_MS = 86_400_000;
const leafKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  type: 'spki',
  format: 'der',
});

let stateDir: string;
let nowMs: number;
let ca: Ca;
let rotation: Rotation;
let notes: Record<string, unknown>[];
let changes: number;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'leash-rotation-'));
  nowMs = Date.parse('2026-03-04T05:06:07Z');
  notes = [];
  changes = 0;
  await open();
});
afterEach(async () => {
  rotation.close();
  await rm(stateDir, { recursive: true });
});

async function open(): Promise<void> {
  ca = await openCa({ stateDir, now: () => nowMs });
  rotation = await startRotation({
    ca,
    stateDir,
    now: () => nowMs,
    note: (fields) => void notes.push({ ...fields }),
    async onChange() {
      changes += 1;
    },
    onError(error) {
      throw error;
    },
  });
}

/** As leash is ended and started again; what it had in memory is gone. */
async function restart(): Promise<void> {
  rotation.close();
  await open();
}

async function request(action: string, afterMs = 0): Promise<string> {
  const text = JSON.stringify({ id: 'ab', action, afterMs, actor: 'leashctl root' });
  await writeFile(join(stateDir, 'private', 'ca-request.json'), text);
  await rotation.check();
  const plan = JSON.parse(await readFile(join(stateDir, 'ca-rotation.json'), 'utf8'));
  expect(plan.request).toBe('ab');
  expect(await readdir(join(stateDir, 'private'))).not.toContain('ca-request.json');
  return plan.problem;
}

async function pass(ms: number): Promise<void> {
  nowMs += ms;
  await rotation.check();
}

const onDisk = async () =>
  readCas(await readFile(join(stateDir, 'ca.pem'), 'utf8')).map(({ sha256 }) => sha256);
const signer = () => {
  const [leaf, issuer] = readCas(ca.mintLeaf('example.com', leafKey));
  const cert = new X509Certificate(leaf?.pem ?? '');
  const by = new X509Certificate(issuer?.pem ?? '');
  expect(cert.checkIssued(by) && cert.verify(by.publicKey)).toBe(true);
  return by.fingerprint256;
};
const steps = () => notes.map(({ step }) => step);
const plain = (sha256: string) => sha256.replaceAll(':', '').toLowerCase();

describe('a rotation', () => {
  it('trusts both, signs with the new one from its date on, and drops the old one after its time', async () => {
    const old = ca.sha256;
    expect(await request('rotate', 14 * DAY_MS)).toBe('');
    const next = ca.next?.sha256 ?? '';
    expect(await onDisk()).toEqual([old, next]);
    expect(signer()).toBe(old);
    await pass(14 * DAY_MS - 1);
    expect(signer()).toBe(old);
    await pass(1);
    expect(signer()).toBe(next);
    expect(await onDisk()).toEqual([next, old]);
    await pass(14 * DAY_MS - 1);
    expect(await onDisk()).toEqual([next, old]);
    await pass(1);
    expect(await onDisk()).toEqual([next]);
    expect(signer()).toBe(next);
    expect(await readdir(join(stateDir, 'private'))).toEqual(['ca.key']);
    expect((await stat(join(stateDir, 'private', 'ca.key'))).mode & 0o777).toBe(0o600);

    expect(changes).toBe(3);
    const begin = Date.parse('2026-03-04T05:06:07Z') / 1000;
    const dates = { switch_at: begin + 14 * 86_400, retire_at: begin + 28 * 86_400 };
    expect(notes).toEqual([
      { step: 'begin', ca: [old, next].map(plain), ...dates, actor: 'leashctl root' },
      { step: 'switch', ca: [next, old].map(plain), retire_at: dates.retire_at, actor: '' },
      { step: 'finish', ca: [next].map(plain), actor: '' },
    ]);
  });

  it('is done at once where it must be: the old key may be known', async () => {
    const old = ca.sha256;
    expect(await request('rotate', 0)).toBe('');
    expect(signer()).not.toBe(old);
    expect(await onDisk()).toEqual([signer()]);
    expect(steps()).toEqual(['begin', 'switch', 'finish']);
  });

  it('can be given other dates, and be finished by hand', async () => {
    const old = ca.sha256;
    await request('rotate', DAY_MS);
    const next = ca.next?.sha256;
    expect(await request('rotate', 60 * DAY_MS)).toBe('');
    expect(ca.next?.sha256).toBe(next);
    await pass(59 * DAY_MS);
    expect(signer()).toBe(old);
    expect(await request('finish')).toBe('');
    expect(signer()).toBe(next);
    expect(await onDisk()).toEqual([next]);
    expect(steps()).toEqual(['begin', 'plan', 'switch', 'finish']);
  });

  it('says why it does not do what cannot be done, and changes nothing', async () => {
    const before = await onDisk();
    expect(await request('finish')).toBe('no rotation is under way');
    const path = join(stateDir, 'private', 'ca-request.json');
    for (const text of ['{', '{"id":"ab","action":"export"}', 'x'.repeat(5000)]) {
      await writeFile(path, text);
      await rotation.check();
      const plan = JSON.parse(await readFile(join(stateDir, 'ca-rotation.json'), 'utf8'));
      expect(plan.problem).toBe('the request cannot be read');
    }
    expect(await onDisk()).toEqual(before);
    expect(notes).toEqual([]);
    await request('rotate', DAY_MS);
    await pass(DAY_MS);
    expect(await request('rotate', DAY_MS)).toMatch(/still trusted: leashctl ca rotate --finish/);
  });

  it('goes on after a restart in every state', async () => {
    const old = ca.sha256;
    await request('rotate', DAY_MS);
    const next = ca.next?.sha256 ?? '';
    await restart();
    expect([ca.sha256, ca.next?.sha256]).toEqual([old, next]);
    // It was down when the date came.
    rotation.close();
    nowMs += DAY_MS;
    await open();
    expect([ca.sha256, ca.next]).toEqual([next, null]);
    expect(await onDisk()).toEqual([next, old]);
    await restart();
    expect(await onDisk()).toEqual([next, old]);
    nowMs += DAY_MS;
    await restart();
    expect(await onDisk()).toEqual([next]);
    expect(steps()).toEqual(['begin', 'switch', 'finish']);
  });
});

describe('a death between two steps', () => {
  it('costs no step: the key was made, its certificate not', async () => {
    const before = await readFile(join(stateDir, 'ca.pem'), 'utf8');
    await request('rotate', DAY_MS);
    const { publicKey } = new X509Certificate(ca.next?.pem ?? '');
    await writeFile(join(stateDir, 'ca.pem'), before);
    await restart();
    expect(await onDisk()).toEqual([ca.sha256, ca.next?.sha256]);
    const again = new X509Certificate(ca.next?.pem ?? '');
    expect(again.publicKey.equals(publicKey)).toBe(true);
    await pass(DAY_MS);
    expect(signer()).toBe(again.fingerprint256);
  });

  it('costs no step: the key has changed its place, the certificates not', async () => {
    const old = ca.sha256;
    await request('rotate', DAY_MS);
    const next = ca.next?.sha256 ?? '';
    const before = await readFile(join(stateDir, 'ca.pem'), 'utf8');
    await pass(DAY_MS);
    await writeFile(join(stateDir, 'ca.pem'), before);
    await restart();
    expect(signer()).toBe(next);
    expect(await onDisk()).toEqual([next, old]);
  });

  it('costs the dates at most, where their file is lost: nothing happens by itself then', async () => {
    const old = ca.sha256;
    await request('rotate', DAY_MS);
    await writeFile(join(stateDir, 'ca-rotation.json'), '{"switchAt');
    await restart();
    await pass(100 * DAY_MS);
    expect(signer()).toBe(old);
    expect(await request('rotate', DAY_MS)).toBe('');
    await pass(DAY_MS);
    expect(signer()).not.toBe(old);
  });
});

describe('a backup', () => {
  it('restored into another folder is the same CA, in the middle of a rotation, too', async () => {
    await request('rotate', DAY_MS);
    const before = { signs: ca.sha256, next: ca.next?.sha256, all: await onDisk() };
    const other = await mkdtemp(join(tmpdir(), 'leash-restored-'));
    try {
      await cp(stateDir, other, { recursive: true, preserveTimestamps: true });
      const restored = await openCa({ stateDir: other, now: () => nowMs });
      expect({
        signs: restored.sha256,
        next: restored.next?.sha256,
        all: restored.trusted.map(({ sha256 }) => sha256),
      }).toEqual(before);
    } finally {
      await rm(other, { recursive: true });
    }
  });
});
