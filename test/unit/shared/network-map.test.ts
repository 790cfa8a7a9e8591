import { describe, expect, it } from 'vitest';
import { findNetwork, networkMap, plainIp } from '../../../src/shared/network-map.ts';

const map = networkMap([
  { name: 'wide', network: '10.0.0.0/8' },
  { name: 'narrow', network: '10.1.0.0/16' },
  { name: 'one', network: '10.1.2.3' },
  { name: 'second', network: '10.1.2.3/32' },
  { name: 'six', network: 'fd00::/8' },
  { name: 'link', network: 'fe80::/10' },
]);

describe('findNetwork()', () => {
  it.each([
    ['10.200.0.1', 'wide'],
    ['10.1.9.9', 'narrow'],
    ['10.1.2.3', 'one'],
    ['::ffff:10.1.2.3', 'one'],
    ['fd12::1', 'six'],
    ['fe80::1%eth0', 'link'],
    ['11.0.0.1', null],
    ['2606::1', null],
    ['', null],
    ['10.1', null],
    ['%eth0', null],
  ])(
    'findNetwork() of %j is %j: the most specific network, the first of two that are the same',
    (ip, name) => {
      expect(findNetwork(map, ip)).toBe(name);
    },
  );

  it('findNetwork() keeps the families apart, also where the whole of one is listed', () => {
    const all = networkMap([
      { name: 'four', network: '0.0.0.0/0' },
      { name: 'six', network: '::/0' },
    ]);
    expect(findNetwork(all, '255.255.255.255')).toBe('four');
    expect(findNetwork(all, '::')).toBe('six');
    expect(findNetwork(networkMap([]), '10.0.0.1')).toBeNull();
  });
});

describe('networkMap()', () => {
  it('networkMap() has one length per family and prefix, so a look-up costs one hash for each', () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({
      name: `n${i}`,
      network: `10.${i >> 8}.${i & 255}.0/24`,
    }));
    const lengths = networkMap([...many, { name: 'x', network: 'fd00::/24' }]).lengths;
    expect(lengths).toHaveLength(2);
  });

  it('networkMap() throws on what is no network: the files were validated before', () => {
    expect(() => networkMap([{ name: 'a', network: '10.0.0.1/8' }])).toThrow(TypeError);
  });
});

describe('plainIp()', () => {
  it.each([
    ['fe80::1%eth0', 'fe80::1'],
    ['::FFFF:1.2.3.4', '1.2.3.4'],
    ['1.2.3.4', '1.2.3.4'],
    ['eth0', null],
  ])('plainIp() of %j is %j', (ip, expected) => {
    expect(plainIp(ip)).toBe(expected);
  });
});
