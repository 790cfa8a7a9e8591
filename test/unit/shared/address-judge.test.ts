// The verdict on dialling an address; the text forms and classes are in address.test.ts.

import { describe, expect, it } from 'vitest';
import {
  type AddressContext,
  canonicalIp,
  cidrContains,
  classifyAddress,
  judgeAddress,
  networkText,
  parseCidr,
  parseCidrPort,
} from '../../../src/shared/address.ts';
import { good } from '../../support/good.ts';

const cidr = (text: string) => good(parseCidr(text));
const cidrPort = (text: string) => good(parseCidrPort(text));

type Facts = Partial<Omit<AddressContext, 'network' | 'ownAddresses'>> & {
  readonly allowPrivate?: readonly string[];
  readonly deny?: readonly string[];
  readonly nat64?: readonly string[];
  readonly own?: readonly string[];
};

function context({ allowPrivate = [], deny = [], nat64 = [], own = [], ...rest }: Facts = {}) {
  return {
    network: {
      allowPrivate: allowPrivate.map(cidrPort),
      deny: deny.map(cidrPort),
      nat64: nat64.map(cidr),
    },
    privateRule: false,
    literalRule: false,
    listeners: [],
    ownAddresses: new Set(own),
    ...rest,
  } satisfies AddressContext;
}

const judge = (ip: string, facts?: Facts, port = 443) => judgeAddress(ip, port, context(facts));

describe('judgeAddress()', () => {
  it('an address is judged in canonical form only; IPv4-mapped IPv6 is IPv4 everywhere', () => {
    const spellings = ['::ffff:10.0.0.1', '::FFFF:A00:1', '0:0:0:0:0:ffff:0a00:0001', '10.0.0.1'];
    for (const ip of spellings) {
      expect(canonicalIp(ip)).toBe('10.0.0.1');
      expect(classifyAddress(ip, [])).toBe('private');
      expect(cidrContains(cidr('10.0.0.0/8'), ip)).toBe(true);
      expect(networkText(ip, 4, 8)).toBe('10.0.0.0/8');
      expect(judge(ip)).toBe('address_not_allowed');
      expect(judge(ip, { allowPrivate: ['10.0.0.0/8'] })).toBe('ok');
      expect(judge(ip, { allowPrivate: ['10.0.0.0/8'], deny: ['10.0.0.1'] })).toBe(
        'address_not_allowed',
      );
      const listeners = [{ address: '::ffff:10.0.0.1', port: 443 }];
      expect(judge(ip, { allowPrivate: ['10.0.0.0/8'], listeners })).toBe('self_connection');
    }
  });

  it.each(['1.1.1.1', '2606:4700::1111', '::ffff:1.1.1.1'])('dials public %s', (ip) => {
    expect(judge(ip)).toBe('ok');
  });

  it.each([
    ['10.0.0.1', 'privateRule', 'ok'],
    ['100.64.0.1', 'privateRule', 'ok'],
    ['fd00::1', 'privateRule', 'ok'],
    ['192.0.2.1', 'privateRule', 'address_not_allowed'],
    ['240.0.0.1', 'privateRule', 'address_not_allowed'],
    ['127.0.0.1', 'privateRule', 'address_not_allowed'],
    ['169.254.1.1', 'privateRule', 'address_not_allowed'],
    ['169.254.169.254', 'privateRule', 'address_not_allowed'],
    ['100.100.100.200', 'privateRule', 'address_not_allowed'],
    ['10.0.0.1', 'literalRule', 'ok'],
    ['fd00::1', 'literalRule', 'ok'],
    ['192.0.2.1', 'literalRule', 'ok'],
    ['240.0.0.1', 'literalRule', 'ok'],
    ['127.0.0.1', 'literalRule', 'address_not_allowed'],
    ['::1', 'literalRule', 'address_not_allowed'],
    ['0.0.0.0', 'literalRule', 'address_not_allowed'],
    ['169.254.169.254', 'literalRule', 'address_not_allowed'],
    ['fd00:ec2::254', 'literalRule', 'address_not_allowed'],
    ['224.0.0.1', 'literalRule', 'address_not_allowed'],
    ['255.255.255.255', 'literalRule', 'address_not_allowed'],
    ['fe80::1', 'literalRule', 'address_not_allowed'],
    ['2002:a00:1::', 'literalRule', 'address_not_allowed'],
    ['::7f00:1', 'literalRule', 'address_not_allowed'],
  ] as const)('%s with a %s is %s, and without it never open', (ip, rule, expected) => {
    expect(judge(ip, { [rule]: true })).toBe(expected);
    expect(judge(ip)).toBe('address_not_allowed');
  });

  it.each(['', 'ok.test', '127.1', '1.1.1.1:443', '1.1.1.1%eth0'])(
    'never dials what is no address: %j',
    (ip) => {
      const facts = { allowPrivate: ['0.0.0.0/0', '::/0'], privateRule: true, literalRule: true };
      expect(judge(ip, facts)).toBe('address_not_allowed');
    },
  );

  it('allow_private opens exactly its networks and ports, loopback and metadata too', () => {
    const facts = { allowPrivate: ['127.0.0.1:5432', '169.254.169.254', '[::1]:80'] };
    expect(judge('127.0.0.1', facts, 5432)).toBe('ok');
    expect(judge('127.0.0.1', facts, 5433)).toBe('address_not_allowed');
    expect(judge('127.0.0.2', facts, 5432)).toBe('address_not_allowed');
    expect(judge('169.254.169.254', facts, 80)).toBe('ok');
    expect(judge('::1', facts, 80)).toBe('ok');
    expect(judge('::1', facts, 443)).toBe('address_not_allowed');
  });

  it('deny beats allow_private, every rule, and public space', () => {
    const open = { allowPrivate: ['0.0.0.0/0'], privateRule: true, literalRule: true };
    expect(judge('1.1.1.1', { ...open, deny: ['1.1.1.0/24'] })).toBe('address_not_allowed');
    expect(judge('1.1.1.1', { ...open, deny: ['1.1.1.1:80'] })).toBe('ok');
    expect(judge('1.1.1.1', { ...open, deny: ['1.1.1.1:80'] }, 80)).toBe('address_not_allowed');
  });

  it('an address of this host is closed, also a public one, unless allow_private has it', () => {
    const own = ['1.1.1.1', '2606::1'];
    expect(judge('1.1.1.1', { own, literalRule: true })).toBe('address_not_allowed');
    expect(judge('2606:0::1', { own, privateRule: true })).toBe('address_not_allowed');
    expect(judge('1.1.1.1', { own, allowPrivate: ['1.1.1.1'] })).toBe('ok');
  });

  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['', '127.9.9.9'],
    ['::', '::1'],
    ['::', '10.0.0.5'],
    ['::', '0.0.0.0'],
    ['10.0.0.5', '0.0.0.0'],
    ['10.0.0.5', '::'],
    ['10.0.0.5', '10.0.0.5'],
    ['::1', '::1'],
    ['::', '64:ff9b::7f00:1'],
  ])('never dials its own listener on %j by way of %s', (address, ip) => {
    const listeners = [{ address, port: 8080 }];
    const facts = { listeners, own: ['10.0.0.5'], allowPrivate: ['0.0.0.0/0', '::/0'] };
    expect(judge(ip, facts, 8080)).toBe('self_connection');
    expect(judge(ip, facts, 8081)).toBe('ok');
  });

  it('a listener on one address leaves the others of this host alone', () => {
    const listeners = [{ address: '127.0.0.1', port: 8080 }];
    const facts = { listeners, allowPrivate: ['127.0.0.0/8'] };
    expect(judge('127.0.0.2', facts, 8080)).toBe('ok');
    expect(judge('127.0.0.1', facts, 8080)).toBe('self_connection');
  });

  it('a NAT64 address is judged by both of its names', () => {
    expect(judge('64:ff9b::a00:1')).toBe('address_not_allowed');
    expect(judge('64:ff9b::a00:1', { privateRule: true })).toBe('ok');
    expect(judge('64:ff9b::101:101', { deny: ['1.1.1.1'] })).toBe('address_not_allowed');
    expect(judge('64:ff9b::101:101', { deny: ['64:ff9b::/96'] })).toBe('address_not_allowed');
    expect(judge('2606::a9fe:a9fe', { nat64: ['2606::/96'] })).toBe('address_not_allowed');
    expect(judge('64:ff9b::a00:1', { own: ['10.0.0.1'], privateRule: true })).toBe(
      'address_not_allowed',
    );
  });
});
