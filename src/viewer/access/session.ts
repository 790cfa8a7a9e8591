// Proof that somebody has the token: the token itself (Bearer) or a session made from it (cookie).
// Pure: the clock is passed in. Knows nothing of HTTP.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A working day: the link with the token is at hand, so a session needs no more. */
export const SESSION_MS = 12 * 60 * 60 * 1000;

/** Token → value of a session cookie: when it ends, and a proof that does not show the token. */
export function createSession(token: string, nowMs: number): string {
  const endsAt = String(nowMs + SESSION_MS);
  return `${endsAt}.${sign(token, endsAt)}`;
}

/** Whether a cookie's value was made with this token, and whether it has come to its end. */
export function checkSession(
  value: string,
  token: string,
  nowMs: number,
): 'good' | 'ended' | 'wrong' {
  const match = /^(\d{1,15})\.([0-9a-f]{64})$/.exec(value);
  const endsAt = match?.[1];
  const proof = match?.[2];
  if (endsAt === undefined || proof === undefined) return 'wrong';
  if (Number(endsAt) <= nowMs) return 'ended';
  return isEqual(proof, sign(token, endsAt)) ? 'good' : 'wrong';
}

/** Whether two secrets are the same, in a time that does not tell how much of them is. */
export function isEqual(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function sign(token: string, endsAt: string): string {
  return createHmac('sha256', `leash viewer session\0${token}`).update(endsAt).digest('hex');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
