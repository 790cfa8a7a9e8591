import { describe, expect, it } from 'vitest';
import { builtInClass } from '../../../src/shared/address-class.ts';

/** `a.b.c.d`, or eight groups in full → bytes, without the code under test. */
function bytes(text: string): number[] {
  if (!text.includes(':')) return text.split('.').map(Number);
  return text.split(':').flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

/** `head` groups, zeros, `tail` groups. */
function ipv6(head: string, tail = '0'): number[] {
  const front = head.split(':');
  const back = tail.split(':');
  const zeros = new Array<string>(8 - front.length - back.length).fill('0');
  return bytes([...front, ...zeros, ...back].join(':'));
}

describe('builtInClass() of IPv4', () => {
  it.each([
    ['0.0.0.0', '0.255.255.255', 'unspecified'],
    ['10.0.0.0', '10.255.255.255', 'private'],
    ['100.64.0.0', '100.127.255.255', 'cgnat'],
    ['127.0.0.0', '127.255.255.255', 'loopback'],
    ['169.254.0.0', '169.254.255.255', 'link_local'],
    ['172.16.0.0', '172.31.255.255', 'private'],
    ['192.0.0.0', '192.0.0.255', 'reserved'],
    ['192.0.2.0', '192.0.2.255', 'documentation'],
    ['192.88.99.0', '192.88.99.255', 'reserved'],
    ['192.168.0.0', '192.168.255.255', 'private'],
    ['198.18.0.0', '198.19.255.255', 'reserved'],
    ['198.51.100.0', '198.51.100.255', 'documentation'],
    ['203.0.113.0', '203.0.113.255', 'documentation'],
    ['224.0.0.0', '239.255.255.255', 'multicast'],
    ['240.0.0.0', '255.255.255.254', 'reserved'],
    ['255.255.255.255', '255.255.255.255', 'broadcast'],
  ])('%s to %s is %s', (first, last, expected) => {
    expect(builtInClass(bytes(first))).toBe(expected);
    expect(builtInClass(bytes(last))).toBe(expected);
  });

  it.each([
    '1.0.0.0',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '191.255.255.255',
    '192.0.1.0',
    '192.0.3.0',
    '192.88.98.255',
    '192.88.100.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '198.51.99.255',
    '203.0.114.0',
    '223.255.255.255',
  ])('%s beside a special range is public', (ip) => {
    expect(builtInClass(bytes(ip))).toBe('public');
  });

  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
  ])('%s is a metadata service before it is part of a range', (ip) => {
    expect(builtInClass(bytes(ip))).toBe('metadata');
  });
});

describe('builtInClass() of IPv6', () => {
  it.each([
    ['::', ipv6('0'), 'unspecified'],
    ['::1', ipv6('0', '1'), 'loopback'],
    ['::2', ipv6('0', '2'), 'embedded_v4'],
    ['::7f00:1', ipv6('0', '7f00:1'), 'embedded_v4'],
    ['::ffff:7f00:1', ipv6('0', 'ffff:7f00:1'), 'embedded_v4'],
    ['::ffff:0:7f00:1', ipv6('0', 'ffff:0:7f00:1'), 'embedded_v4'],
    ['::1:0:7f00:1', ipv6('0', '1:0:7f00:1'), 'reserved'],
    ['64:ff9b::7f00:1', ipv6('64:ff9b', '7f00:1'), 'embedded_v4'],
    ['64:ff9b:1::1', ipv6('64:ff9b:1', '1'), 'embedded_v4'],
    ['64:ff9b:2::1', ipv6('64:ff9b:2', '1'), 'reserved'],
    ['100::1', ipv6('100', '1'), 'reserved'],
    ['2001::1 (Teredo)', ipv6('2001', '1'), 'embedded_v4'],
    ['2001:2::1', ipv6('2001:2', '1'), 'reserved'],
    ['2001:20::1', ipv6('2001:20', '1'), 'reserved'],
    ['2001:1ff::1', ipv6('2001:1ff', '1'), 'reserved'],
    ['2001:200::1', ipv6('2001:200', '1'), 'public'],
    ['2001:db8::1', ipv6('2001:db8', '1'), 'documentation'],
    ['2001:db9::1', ipv6('2001:db9', '1'), 'public'],
    ['2002:7f00:1::', ipv6('2002:7f00:1'), 'embedded_v4'],
    ['2003::1', ipv6('2003', '1'), 'public'],
    ['2606:4700::1111', ipv6('2606:4700', '1111'), 'public'],
    ['3fff:fff::1', ipv6('3fff:fff', '1'), 'documentation'],
    ['3fff:1000::1', ipv6('3fff:1000', '1'), 'public'],
    ['1fff::1', ipv6('1fff', '1'), 'reserved'],
    ['4000::1', ipv6('4000', '1'), 'reserved'],
    ['5f00::1', ipv6('5f00', '1'), 'reserved'],
    ['fbff::1', ipv6('fbff', '1'), 'reserved'],
    ['fc00::1', ipv6('fc00', '1'), 'ula'],
    ['fdff::1', ipv6('fdff', '1'), 'ula'],
    ['fe00::1', ipv6('fe00', '1'), 'reserved'],
    ['fe80::1', ipv6('fe80', '1'), 'link_local'],
    ['febf::1', ipv6('febf', '1'), 'link_local'],
    ['fec0::1', ipv6('fec0', '1'), 'reserved'],
    ['ff02::1', ipv6('ff02', '1'), 'multicast'],
    ['fd00:ec2::254', ipv6('fd00:ec2', '254'), 'metadata'],
    ['fd00:ec2::253', ipv6('fd00:ec2', '253'), 'ula'],
    ['fd20:ce::254', ipv6('fd20:ce', '254'), 'metadata'],
    ['fe80::a9fe:a9fe', ipv6('fe80', 'a9fe:a9fe'), 'metadata'],
  ] as const)('%s is %s', (_text, address, expected) => {
    expect(builtInClass(address)).toBe(expected);
  });

  it('an ISATAP interface id hides IPv4 in any prefix, so the prefix does not matter', () => {
    expect(builtInClass(ipv6('2606:4700', '0:5efe:a00:1'))).toBe('embedded_v4');
    expect(builtInClass(ipv6('2606:4700', '200:5efe:a00:1'))).toBe('embedded_v4');
    expect(builtInClass(ipv6('2606:4700', '300:5efe:a00:1'))).toBe('public');
  });
});
