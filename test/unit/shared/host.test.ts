import { describe, expect, it } from 'vitest';
import {
  formatAuthority,
  type Host,
  parentHosts,
  parseAbsoluteUri,
  parseAuthority,
  parseHost,
} from '../../../src/shared/host.ts';

const host = (text: string) => text as Host;

describe('parseHost()', () => {
  it.each([
    ['ok.test', 'ok.test'],
    ['OK.Test', 'ok.test'],
    ['ok.test.', 'ok.test'],
    ['localhost', 'localhost'],
    ['foo_bar.example.com', 'foo_bar.example.com'],
    ['_dmarc.example.com', '_dmarc.example.com'],
    ['xn--bcher-kva.de', 'xn--bcher-kva.de'],
    ['r3---sn-x.example.com', 'r3---sn-x.example.com'],
    ['1e3', '1e3'],
    ['3com.com', '3com.com'],
    [`${'a'.repeat(63)}.test`, `${'a'.repeat(63)}.test`],
    [`${`${'a'.repeat(49)}.`.repeat(5)}abc`, `${`${'a'.repeat(49)}.`.repeat(5)}abc`],
    [`${`${'a'.repeat(49)}.`.repeat(5)}abc.`, `${`${'a'.repeat(49)}.`.repeat(5)}abc`],
  ])('parseHost() reads the name %j as %j', (text, expected) => {
    expect(parseHost(text)).toBe(expected);
  });

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['1.1.1.1.', '1.1.1.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0X7F.0.0.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['0177.0.0.01', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['127.0.1', '127.0.0.1'],
    ['1.65535', '1.0.255.255'],
    ['1.16777215', '1.255.255.255'],
    ['1.2.65535', '1.2.255.255'],
    ['0xffffffff', '255.255.255.255'],
    ['4294967295', '255.255.255.255'],
    ['0', '0.0.0.0'],
    ['0x0', '0.0.0.0'],
    [`${'0'.repeat(62)}1`, '0.0.0.1'],
  ])('parseHost() reads the IPv4 spelling %j as %j', (text, expected) => {
    expect(parseHost(text)).toBe(expected);
  });

  it.each([
    ['[::1]', '::1'],
    ['::1', '::1'],
    ['[2001:DB8::0:1]', '2001:db8::1'],
    ['[::ffff:127.0.0.1]', '127.0.0.1'],
    ['[::ffff:7f00:1]', '127.0.0.1'],
    ['[::127.0.0.1]', '::7f00:1'],
  ])('parseHost() reads the IPv6 spelling %j as %j', (text, expected) => {
    expect(parseHost(text)).toBe(expected);
  });

  it.each([
    '',
    '.',
    '..',
    'ok.test..',
    'ok..test',
    '.ok.test',
    'ok.test\0.good.com',
    'ok.test%00',
    'ex%61mple.com',
    'ok test',
    ' ok.test',
    'ok.test\t',
    'ok.test\n',
    'ok.\x7ftest',
    'ｅxample.com',
    'example。com',
    'exa\u00admple.com',
    'bücher.de',
    '①②⑦.0.0.1',
    'ⓛocalhost',
    '\u212a.test',
    'good@evil.test',
    'user:pw@evil.test',
    'evil.test/good.test',
    'evil.test#good.test',
    'evil.test\\good.test',
    'evil.test?x',
    '*.ok.test',
    'a,b',
    '[ok.test]',
    '[[ok.test]]',
    '[127.0.0.1]',
    '[::1',
    '::1]',
    '[]',
    '[::1]]',
    '[[::1]]',
    '[::1%eth0]',
    'fe80::1%25eth0',
    '[::1].ok.test',
    'x[::1]',
    '[::ffff:1.2.3.4%x.allowed.com]',
    '[v1.fe]',
    'foo.1',
    'foo.0x1',
    'foo.0x',
    '0x',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.256',
    '1.2.65536',
    '1.16777216',
    '4294967296',
    '0x100000000',
    '08',
    '1.2.3.08',
    'a.1.2.3',
    '1..2',
    `${'a'.repeat(64)}.test`,
    `${'a.'.repeat(126)}ab`,
    'a'.repeat(300),
    '-a.test',
    'a-.test',
    'a.-',
  ])('parseHost() refuses %j', (text) => {
    expect(parseHost(text)).toHaveProperty('problem');
  });
});

describe('parseAuthority()', () => {
  it.each([
    ['OK.test.:443', null, 'ok.test', 443, false, 'ok.test:443'],
    ['ok.test', 80, 'ok.test', 80, false, 'ok.test:80'],
    ['[::1]:8443', null, '::1', 8443, true, '[::1]:8443'],
    ['[::1]', 443, '::1', 443, true, '[::1]:443'],
    ['0x7f.1:1', null, '127.0.0.1', 1, true, '127.0.0.1:1'],
    ['ok.test:65535', 80, 'ok.test', 65535, false, 'ok.test:65535'],
  ] as const)('parseAuthority() reads %j', (text, fallback, name, port, isIp, authority) => {
    const target = parseAuthority(text, fallback);
    expect(target).toEqual({ host: name, port, isIp, authority });
    expect(Object.isFrozen(target)).toBe(true);
  });

  it.each([
    'ok.test',
    'ok.test:',
    'ok.test:0',
    'ok.test:007',
    'ok.test:65536',
    'ok.test:99999',
    'ok.test:100000',
    'ok.test:+80',
    'ok.test:-1',
    'ok.test: 80',
    'ok.test:８0',
    'ok.test:0x50',
    'ok.test:80/',
    'ok.test:80:80',
    '::1:443',
    '[::1',
    '[::1]443',
    '[::1]x:443',
    '[ok.test]:443',
    ':443',
    'good@evil:443',
    'evil:443/good.com',
    'evil%00.good:443',
    'a, evil:443',
    '',
  ])('parseAuthority() refuses %j where the port is required', (text) => {
    expect(parseAuthority(text, null)).toHaveProperty('problem');
  });

  it.each(['ok.test:', '::1', 'a, evil', '', 'good@evil'])(
    'parseAuthority() refuses %j where the port has a default',
    (text) => {
      expect(parseAuthority(text, 80)).toHaveProperty('problem');
    },
  );
});

describe('parseAbsoluteUri()', () => {
  it.each([
    ['http://ok.test', 'http', 'ok.test:80', '/'],
    ['HTTP://OK.test./a', 'http', 'ok.test:80', '/a'],
    ['https://ok.test:8443/a?b=c', 'https', 'ok.test:8443', '/a?b=c'],
    ['https://ok.test', 'https', 'ok.test:443', '/'],
    ['http://ok.test?x', 'http', 'ok.test:80', '/?x'],
    ['http://ok.test?a@evil.test/', 'http', 'ok.test:80', '/?a@evil.test/'],
    ['http://ok.test//evil.test/', 'http', 'ok.test:80', '//evil.test/'],
    ['http://[::1]:8080/%2e', 'http', '[::1]:8080', '/%2e'],
  ])('parseAbsoluteUri() reads %j', (text, scheme, authority, path) => {
    expect(parseAbsoluteUri(text)).toMatchObject({ scheme, target: { authority }, path });
  });

  it.each([
    '',
    '/',
    '*',
    'ok.test:443',
    '//ok.test/',
    'ftp://ok.test/',
    'http:/ok.test/',
    'http:ok.test',
    ' http://ok.test/',
    'http://',
    'http:///x',
    'http://good@evil/',
    'http://ok.test/#x',
    'http://ok.test#@evil',
    'http://ok.test\\@evil/',
    'http://ok.test/a b',
    'http://ok.test/\0',
    'http://ok.test/\u00e9',
    'http://ok.test\n/',
    'http://ok.test/\n',
    'http://ok.test:0/',
  ])('parseAbsoluteUri() refuses %j', (text) => {
    expect(parseAbsoluteUri(text)).toHaveProperty('problem');
  });
});

describe('parentHosts()', () => {
  it.each([
    ['a.b.ok.test', ['a.b.ok.test', 'b.ok.test', 'ok.test']],
    ['ok.test', ['ok.test']],
    ['localhost', ['localhost']],
    ['1.2.3.4', ['1.2.3.4']],
    ['2001:db8::1', ['2001:db8::1']],
  ])('parentHosts() of %j are %j', (text, expected) => {
    expect(parentHosts(host(text))).toEqual(expected);
  });
});

describe('formatAuthority()', () => {
  it('formatAuthority() puts IPv6 in brackets', () => {
    expect(formatAuthority(host('::1'), 443)).toBe('[::1]:443');
    expect(formatAuthority(host('ok.test'), 443)).toBe('ok.test:443');
  });
});
