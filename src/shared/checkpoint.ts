// A checkpoint: a record that is signed, so that whoever kept one can tell later whether the log up
// to it is still the same one. The signature is over the line itself, from its first byte to the comma
// before the signature: number, hash of the line before, time, host, epoch, segment, place and key.
// Pure: the key is given by the caller.
//
// Invariant: a checkpoint has one spelling: one changed byte in it is a signature that does not fit.

import { createPublicKey, type KeyObject, verify } from 'node:crypto';

export type Checkpoint = {
  /** Number and hash of the line before it: what is signed is all of the chain up to there. */
  readonly seq: number;
  readonly prev: string;
  readonly ts: number;
  readonly hostId: string;
  readonly epoch: number;
  readonly segment: number;
  /** Bytes of the segment before this line. */
  readonly size: number;
  /** The Ed25519 public key, 32 bytes in hex: a key's id is the key itself. */
  readonly key: string;
};

/** `,"signature":"` + 128 hex digits + `"}`: what the signature does not cover. */
const TAIL_BYTES = 14 + 128 + 2;
const LINE =
  /^\{"seq":([1-9]\d{0,14}),"prev":"([0-9a-f]{64})","ts":([0-9]{1,13}(?:\.[0-9]{1,6})?),"event":"checkpoint","id":"\d{1,9}-0-\d{1,15}","host_id":"([0-9a-f]{32})","epoch":([1-9]\d{0,8}),"segment":([1-9]\d{0,9}),"size":([1-9]\d{0,14}),"key":"([0-9a-f]{64})","signature":"([0-9a-f]{128})"\}$/;

/** Longer than each checkpoint line. */
export const MAX_CHECKPOINT_BYTES = 800;

/** The bytes of a line (no newline) → what it says, or null where it is no checkpoint or not signed by its key. */
export function readCheckpoint(line: Buffer): Checkpoint | null {
  if (line.length > MAX_CHECKPOINT_BYTES) return null;
  const match = LINE.exec(line.toString('latin1'));
  if (match === null) return null;
  const [, seq, prev = '', ts, hostId = '', epoch, segment, size, key = '', signature = ''] = match;
  const signed = line.subarray(0, line.length - TAIL_BYTES);
  if (!verify(null, signed, publicKey(key), Buffer.from(signature, 'hex'))) return null;
  return {
    seq: Number(seq),
    prev,
    ts: Number(ts),
    hostId,
    epoch: Number(epoch),
    segment: Number(segment),
    size: Number(size),
    key,
  };
}

const keys = new Map<string, KeyObject>();

/** Made once: an auditor meets the same key in each checkpoint. */
function publicKey(hex: string): KeyObject {
  let key = keys.get(hex);
  if (key === undefined) {
    const x = Buffer.from(hex, 'hex').toString('base64url');
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    // Whoever writes hostile logs may write many keys.
    if (keys.size >= 64) keys.clear();
    keys.set(hex, key);
  }
  return key;
}
