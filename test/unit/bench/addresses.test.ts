import { isIPv4 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientAddress } from '../../../bench/openloop/addresses.ts';

describe('clientAddress()', () => {
  it('gives each client a loopback address of its own, which is not the one that servers listen on', () => {
    const all = Array.from({ length: 62_500 }, (_, n) => clientAddress(n));
    expect(new Set(all).size).toBe(62_500);
    expect(all.every((ip) => isIPv4(ip) && /^127\.1\.[1-9]\d*\.[1-9]\d*$/.test(ip))).toBe(true);
    expect(clientAddress(62_500)).toBe(clientAddress(0));
  });
});
