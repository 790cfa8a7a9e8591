import { describe, expect, it } from 'vitest';
import { clientAddress, inNetworks } from '../../../../src/viewer/access/client-address.ts';

const TRUSTED = ['10.0.0.0/8', '::1/128'];

describe('clientAddress()', () => {
  it.each([
    ['192.0.2.1', undefined, '192.0.2.1'],
    ['192.0.2.1', '198.51.100.9', '192.0.2.1'],
    ['::ffff:192.0.2.1', '198.51.100.9', '192.0.2.1'],
    ['10.0.0.1', '198.51.100.9', '198.51.100.9'],
    ['::ffff:10.0.0.1', '198.51.100.9', '198.51.100.9'],
    ['10.0.0.1', '203.0.113.5, 198.51.100.9', '198.51.100.9'],
    ['10.0.0.1', '203.0.113.5, 198.51.100.9, 10.0.0.2', '198.51.100.9'],
    ['10.0.0.1', '203.0.113.5,198.51.100.9 , ::ffff:10.9.9.9', '198.51.100.9'],
  ])(
    'Invariant: X-Forwarded-For counts only when the socket is trusted: %s with %j is %s',
    (remote, forwarded, expected) => {
      expect(clientAddress(remote, forwarded, TRUSTED)).toBe(expected);
    },
  );

  it.each([
    ['198.51.100.9:4711', '198.51.100.9'],
    ['[2001:db8::9]', '2001:db8::9'],
    ['[2001:db8::9]:4711', '2001:db8::9'],
    ['2001:DB8::0:9', '2001:db8::9'],
    ['::ffff:198.51.100.9', '198.51.100.9'],
  ])('clientAddress() reads the hop %s as %s', (hop, expected) => {
    expect(clientAddress('::1', hop, TRUSTED)).toBe(expected);
  });

  it.each(['unknown', '_hidden', '1.2.3', '1.2.3.4.5', '[::1', 'a:b', '198.51.100.9, x'])(
    'clientAddress() does not know a client behind the hop %j',
    (forwarded) => expect(clientAddress('10.0.0.1', forwarded, TRUSTED)).toBeNull(),
  );

  it('clientAddress() is the outermost trusted hop where nothing else is named', () => {
    expect(clientAddress('10.0.0.1', undefined, TRUSTED)).toBe('10.0.0.1');
    expect(clientAddress('10.0.0.1', ' , ', TRUSTED)).toBe('10.0.0.1');
    expect(clientAddress('10.0.0.1', '10.0.0.3, 10.0.0.2', TRUSTED)).toBe('10.0.0.3');
  });

  it('clientAddress() is unknown without a socket address', () => {
    expect(clientAddress(undefined, '198.51.100.9', TRUSTED)).toBeNull();
    expect(clientAddress('', '198.51.100.9', ['0.0.0.0/0', '::/0'])).toBeNull();
  });
});

describe('inNetworks()', () => {
  it('inNetworks() finds an address in one of several networks', () => {
    expect(inNetworks('10.1.2.3', TRUSTED)).toBe(true);
    expect(inNetworks('::1', TRUSTED)).toBe(true);
    expect(inNetworks('11.0.0.1', TRUSTED)).toBe(false);
    expect(inNetworks('11.0.0.1', [])).toBe(false);
  });

  it('inNetworks() takes a network that cannot be read for empty', () => {
    expect(inNetworks('10.1.2.3', ['10.0.0.0/99', 'x'])).toBe(false);
    expect(inNetworks('10.1.2.3', ['x', '10.0.0.0/8'])).toBe(true);
  });
});
