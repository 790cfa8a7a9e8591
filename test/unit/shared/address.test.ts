import { describe, expect, it } from 'vitest';
import {
  canonicalIp,
  cidrContains,
  classifyAddress,
  networkText,
  parseCidr,
  parseCidrPort,
  parseNat64,
  parsePort,
} from '../../../src/shared/address.ts';
import { good } from '../../support/good.ts';

const cidr = (text: string) => good(parseCidr(text));
const cidrPort = (text: string) => good(parseCidrPort(text));

describe('canonicalIp()', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
    ['0000:0000:0000:0000:0000:ffff:255.255.255.255', '255.255.255.255'],
  ])('canonicalIp() writes %j as %j', (text, expected) => {
    expect(canonicalIp(text)).toBe(expected);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '0x7f.0.0.1',
    '2130706433',
    '256.0.0.1',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.4:80',
    '[::1]',
    '::1%eth0',
    '::1 ',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7:8:9',
    '::ffff:127.1',
    '::ffff:1.2.3.04',
    'g::1',
    'localhost',
    '１.2.3.4',
    `${'0'.repeat(50)}::1`,
  ])('canonicalIp() refuses %j', (text) => {
    expect(canonicalIp(text)).toBeNull();
  });
});

describe('parseCidr(), parseCidrPort(), parseNat64()', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8', null],
    ['10.0.0.1', '10.0.0.1/32', null],
    ['0.0.0.0/0', '0.0.0.0/0', null],
    ['FD00::/8', 'fd00::/8', null],
    ['::1', '::1/128', null],
    ['10.0.0.0/8:443', '10.0.0.0/8', 443],
    ['10.0.0.1:1', '10.0.0.1/32', 1],
    ['[fd00::/8]:65535', 'fd00::/8', 65_535],
    ['[::1]:80', '::1/128', 80],
  ])('parseCidrPort() reads %j', (text, network, port) => {
    expect(cidrPort(text)).toMatchObject({ cidr: { text: network }, port });
  });

  it.each([
    ['', 'is not an IP network'],
    ['ok.test', 'is not an IP network'],
    ['10/8', 'is not an IP network'],
    ['10.0.0.0/', 'has no valid prefix length: it must be 0-32'],
    ['10.0.0.0/33', 'has no valid prefix length: it must be 0-32'],
    ['10.0.0.0/08', 'has no valid prefix length'],
    ['10.0.0.0/-1', 'has no valid prefix length'],
    ['fd00::/129', 'has no valid prefix length: it must be 0-128'],
    ['10.0.0.1/8', 'has host bits set: write "10.0.0.0/8"'],
    ['fd00::1/64', 'has host bits set: write "fd00::/64"'],
    ['::ffff:10.0.0.0/104', 'is an IPv4 network: write "10.0.0.0/8"'],
    ['::ffff:10.0.0.0/95', 'has no valid prefix length'],
    ['[10.0.0.0/8]:80', 'has brackets round IPv4: write "10.0.0.0/8:80"'],
    ['10.0.0.0/8:0', 'ports must be 1-65535'],
    ['10.0.0.0/8:080', 'ports must be 1-65535'],
    ['[fd00::/8]:', 'ports must be 1-65535'],
    ['[fd00::/8]', 'is not an IP network'],
  ])('parseCidrPort() refuses %j and says: %s', (text, message) => {
    expect(parseCidrPort(text)).toEqual({ problem: expect.stringContaining(message) });
  });

  it('a message shows a long text cut', () => {
    const { problem } = parseCidr('x'.repeat(1000)) as { problem: string };
    expect(problem.length).toBeLessThan(200);
  });

  it.each([32, 40, 48, 56, 64, 96])('parseNat64() reads a prefix of length %i', (bits) => {
    expect(parseNat64(`2606::/${bits}`)).toMatchObject({ text: `2606::/${bits}` });
  });

  it.each(['2606::/33', '2606::/72', '2606::/128', '10.0.0.0/8', '0.0.0.0/32', 'x'])(
    'parseNat64() refuses %j',
    (text) => {
      expect(parseNat64(text)).toHaveProperty('problem');
    },
  );
});

describe('cidrContains(), networkText(), parsePort()', () => {
  it('cidrContains() compares the bits of the prefix, within one family', () => {
    expect(cidrContains(cidr('10.128.0.0/9'), '10.255.0.1')).toBe(true);
    expect(cidrContains(cidr('10.128.0.0/9'), '10.127.255.255')).toBe(false);
    expect(cidrContains(cidr('::/0'), '10.0.0.1')).toBe(false);
    expect(cidrContains(cidr('0.0.0.0/0'), '::1')).toBe(false);
    expect(cidrContains(cidr('0.0.0.0/0'), 'no address')).toBe(false);
  });

  it('networkText() masks an address; null in the other family', () => {
    expect(networkText('10.200.3.4', 4, 9)).toBe('10.128.0.0/9');
    expect(networkText('2606:4700::1', 6, 20)).toBe('2606:4000::/20');
    expect(networkText('10.200.3.4', 6, 9)).toBeNull();
    expect(networkText('::1', 4, 9)).toBeNull();
    expect(networkText('x', 4, 9)).toBeNull();
  });

  it.each([
    ['1', 1],
    ['65535', 65_535],
    ['0', null],
    ['65536', null],
    ['080', null],
    ['+80', null],
    ['80 ', null],
    ['', null],
    ['1e2', null],
  ])('parsePort() reads %j as %j', (text, expected) => {
    expect(parsePort(text)).toBe(expected);
  });
});

describe('classifyAddress()', () => {
  it.each([
    ['1.1.1.1', 'public'],
    ['not an address', 'reserved'],
    ['127.1', 'reserved'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['64:ff9b::1.1.1.1', 'public'],
    ['2001:db8:64:ff9b::7f00:1', 'documentation'],
  ])('classifyAddress() of %j is %s', (ip, expected) => {
    expect(classifyAddress(ip, [])).toBe(expected);
  });

  // The table of RFC 6052 section 2.4, with 10.0.0.1 in place of its address.
  it.each([
    ['2606:db8::/32', '2606:db8:a00:1::'],
    ['2606:db8:100::/40', '2606:db8:10a:0:1::'],
    ['2606:db8:122::/48', '2606:db8:122:a00:0:100::'],
    ['2606:db8:122:300::/56', '2606:db8:122:30a:0:1::'],
    ['2606:db8:122:344::/64', '2606:db8:122:344:a:0:100:0'],
    ['2606:db8:122:344::/96', '2606:db8:122:344::a00:1'],
  ])('classifyAddress() finds the IPv4 address behind the NAT64 prefix %s', (prefix, ip) => {
    expect(classifyAddress(ip, [])).toBe('public');
    expect(classifyAddress(ip, [cidr(prefix)])).toBe('private');
  });
});
