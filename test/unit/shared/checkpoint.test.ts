import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/shared/checkpoint.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
const PREV = 'ab'.repeat(32);
const HOST = '01'.repeat(16);

function checkpoint(changes: Readonly<Record<string, unknown>> = {}, signer = privateKey): Buffer {
  const fields = {
    seq: 12,
    prev: PREV,
    ts: 1700000000.25,
    event: 'checkpoint',
    id: '3-0-7',
    host_id: HOST,
    epoch: 3,
    segment: 2,
    size: 4096,
    key,
    ...changes,
  };
  const signed = JSON.stringify(fields).slice(0, -1);
  const signature = sign(null, Buffer.from(signed), signer).toString('hex');
  return Buffer.from(`${signed},"signature":"${signature}"}`);
}

describe('readCheckpoint()', () => {
  it('reads what is signed', () => {
    expect(readCheckpoint(checkpoint())).toEqual({
      seq: 12,
      prev: PREV,
      ts: 1700000000.25,
      hostId: HOST,
      epoch: 3,
      segment: 2,
      size: 4096,
      key,
    });
  });

  it('a checkpoint has one spelling: one changed bit anywhere in it makes it none', () => {
    const line = checkpoint();
    for (let bit = 0; bit < line.length * 8; bit += 1) {
      const changed = Buffer.from(line);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readCheckpoint(changed), `bit ${bit}`).toBeNull();
    }
  });

  it.each([
    [
      'another order',
      (line: string) => line.replace(/"epoch":3,"segment":2/, '"segment":2,"epoch":3'),
    ],
    ['a blank', (line: string) => line.replace('{', '{ ')],
    ['more behind it', (line: string) => `${line} `],
    [
      'upper case in the signature',
      (line: string) => line.replace(/[a-f](?=[^a-f]*"\}$)/, (c) => c.toUpperCase()),
    ],
    ['no signature', (line: string) => line.replace(/,"signature.*/, '}')],
    [
      'great length',
      (line: string) => line.replace('"id":"3-0-7"', `"id":"3-0-7${'1'.repeat(2000)}"`),
    ],
  ])('refuses %s', (_, change) => {
    expect(readCheckpoint(Buffer.from(change(checkpoint().toString())))).toBeNull();
  });

  it('refuses the signature of another key', () => {
    expect(readCheckpoint(checkpoint({}, generateKeyPairSync('ed25519').privateKey))).toBeNull();
  });

  it('refuses fields that a checkpoint has not, signed or not', () => {
    expect(readCheckpoint(checkpoint({ worker: 1 }))).toBeNull();
    expect(readCheckpoint(checkpoint({ event: 'stop' }))).toBeNull();
    expect(readCheckpoint(checkpoint({ id: '3-1-7' }))).toBeNull();
  });

  it('holds with many keys', () => {
    for (let n = 0; n < 70; n += 1) {
      const pair = generateKeyPairSync('ed25519');
      const x = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
      const line = checkpoint({ key: x.toString('hex') }, pair.privateKey);
      expect(readCheckpoint(line)?.key).toBe(x.toString('hex'));
    }
  });
});
