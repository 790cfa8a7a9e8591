import { describe, expect, it } from 'vitest';
import { shareOf } from '../../../src/shared/log-share.ts';

describe('shareOf()', () => {
  it('gives each IPv4 address a share of its own, and one to each IPv6 /64', () => {
    expect(shareOf('10.0.0.1')).toBe('10.0.0.1');
    expect(shareOf('2001:db8::1')).toBe(shareOf('2001:db8::ffff:1:2:3'));
    expect(shareOf('2001:db8:0:1::1')).not.toBe(shareOf('2001:db8::1'));
    expect(shareOf('')).toBe('');
    expect(shareOf('not:an:address')).toBe('not:an:address');
  });
});
