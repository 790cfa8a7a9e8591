import { describe, expect, it } from 'vitest';
import {
  choice,
  cidrList,
  dnsList,
  hostName,
  hostNameList,
  ipAddress,
  isInsecureParserOption,
  nearest,
  path,
  proxyUrl,
  showValue,
  token,
  userPair,
  whole,
} from '../../../src/shared/setting.ts';

describe('whole()', () => {
  const setting = whole('A', '1', { min: 1, max: 65_535, unit: 1000, why: '' });

  it.each([
    ['1', 1000],
    ['42', 42_000],
    ['65535', 65_535_000],
  ])('whole() reads %j in its unit as %j', (text, value) => {
    expect(setting.read(text)).toBe(value);
  });

  it.each([
    '',
    '0',
    '65536',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    '0x10',
    ' 1',
    '1 ',
    '1\n',
    '१',
    '99999999999',
  ])('whole() refuses %j', (text) => {
    expect(setting.read(text)).toBeNull();
  });

  it('whole() says the range and reads a zero that is in it', () => {
    const fromZero = whole('A', '0', { min: 0, max: 9, why: '' });
    expect(fromZero.allowed).toBe('a whole number 0-9');
    expect(fromZero.read('0')).toBe(0);
    expect(fromZero.read('00')).toBeNull();
  });
});

describe('choice()', () => {
  it('choice() reads its words alone, and lists them', () => {
    const setting = choice('A', 'none', ['none', 'text'], '');
    expect(setting.allowed).toBe('none, text');
    expect(setting.read('text')).toBe('text');
    expect(['', 'TEXT', 'text ', 'toString'].map((text) => setting.read(text))).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('choice() gives the value of a word, false included, and none of what objects inherit', () => {
    const setting = choice('A', 'on', { on: true, off: false }, '');
    expect(setting.read('on')).toBe(true);
    expect(setting.read('off')).toBe(false);
    expect(setting.read('constructor')).toBeNull();
    expect(setting.read('__proto__')).toBeNull();
  });
});

describe('path(), ipAddress(), hostName()', () => {
  it('path() takes any text but a NUL, which would cut the path short in the system call', () => {
    expect(path('A', '', '').read('/a b/ü')).toBe('/a b/ü');
    expect(path('A', '', '').read('/a\0b')).toBeNull();
  });

  it.each([
    ['::', '::'],
    ['0.0.0.0', '0.0.0.0'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['[::1]', null],
    ['127.1', null],
    ['localhost', null],
    ['1.2.3.4:80', null],
    ['fe80::1%eth0', null],
    ['', null],
  ])('ipAddress() reads %j as %j', (text, value) => {
    expect(ipAddress('A', '::', '').read(text)).toBe(value);
  });

  it.each([
    ['', ''],
    ['API.test.', 'api.test'],
    ['127.1', '127.0.0.1'],
    ['a b', null],
    ['a.test:443', null],
    ['https://a.test', null],
  ])('hostName() reads %j as %j', (text, value) => {
    expect(hostName('A', '').read(text)).toBe(value);
  });
});

describe('hostNameList(), cidrList(), dnsList()', () => {
  it('a list trims its items, reads an empty text as none, and fails whole on one bad item', () => {
    const setting = hostNameList('A', '');
    expect(setting.read('')).toEqual([]);
    expect(setting.read(' A.test , b.test')).toEqual(['a.test', 'b.test']);
    expect(setting.read('a.test,')).toBeNull();
    expect(setting.read('a.test,b c')).toBeNull();
  });

  it.each([
    ['10.0.0.0/8,fd00::/8', ['10.0.0.0/8', 'fd00::/8']],
    ['10.0.0.1', ['10.0.0.1/32']],
    ['10.0.0.1/8', null],
    ['10/8', null],
    ['10.0.0.0/33', null],
  ])('cidrList() reads %j as %j', (text, value) => {
    expect(cidrList('A', '').read(text)).toEqual(value);
  });

  it.each([
    ['1.1.1.1', ['1.1.1.1']],
    ['1.1.1.1:53, [2606::1]:53', ['1.1.1.1:53', '[2606::1]:53']],
    ['2606:0::1', ['2606::1']],
    ['[::ffff:1.1.1.1]:53', ['1.1.1.1:53']],
    ['1.1.1.1:0', null],
    ['1.1.1.1:', null],
    ['[2606::1]', null],
    ['dns.test', null],
    ['127.1:53', null],
  ])('dnsList() reads %j as %j', (text, value) => {
    expect(dnsList('A', '').read(text)).toEqual(value);
  });
});

describe('token()', () => {
  it.each([
    ['', ''],
    ['off', 'off'],
    ['!a~', '!a~'],
    ['x'.repeat(256), 'x'.repeat(256)],
    ['x'.repeat(257), null],
    ['a b', null],
    ['a\n', null],
    ['ü', null],
  ])('token() reads %j as %j', (text, value) => {
    expect(token('A', '').read(text)).toBe(value);
  });
});

describe('proxyUrl()', () => {
  const read = (text: string) => proxyUrl('A', '').read(text);
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it.each([
    ['http://proxy.test:3128', 'proxy.test', 3128, null],
    ['http://Proxy.test.:80', 'proxy.test', 80, null],
    ['http://10.0.0.5:8080', '10.0.0.5', 8080, null],
    ['http://[2001:DB8::1]:1', '2001:db8::1', 1, null],
    ['http://ci:pa55@proxy.test:3128', 'proxy.test', 3128, basic('ci:pa55')],
    ['http://ci:@proxy.test:3128', 'proxy.test', 3128, basic('ci:')],
    ['http://c%40i:p:%3A%2f%25@proxy.test:1', 'proxy.test', 1, basic('c@i:p::/%')],
    ['http://ci:gr%C3%BC%C3%9Fe@proxy.test:1', 'proxy.test', 1, basic('ci:grüße')],
  ])('proxyUrl() reads %j', (text, host, port, authorization) => {
    const isIp = /^[\d.]+$|:/.test(host);
    expect(read(text)).toEqual({ host, port, isIp, authorization });
  });

  it.each([
    'proxy.test:3128',
    'https://proxy.test:3128',
    'HTTP://proxy.test:3128',
    'socks5://proxy.test:1080',
    'http://proxy.test',
    'http://proxy.test:0',
    'http://proxy.test:65536',
    'http://proxy.test:3128/',
    'http://proxy.test:3128/path',
    'http://proxy.test:3128?x',
    'http://proxy.test:3128#x',
    'http://:3128',
    'http://@proxy.test:3128',
    'http://ci@proxy.test:3128',
    'http://:pa55@proxy.test:3128',
    'http://ci:p@55@proxy.test:3128',
    'http://ci:p/5@proxy.test:3128',
    'http://ci:p 5@proxy.test:3128',
    'http://ci:grüße@proxy.test:3128',
    'http://ci:%zz@proxy.test:3128',
    'http://ci:%ff@proxy.test:3128',
    'http://ci:a%0d%0aX:%20y@proxy.test:3128',
    'http://c%3Ai:x@proxy.test:3128',
    `http://ci:${'x'.repeat(1024)}@proxy.test:3128`,
    ' http://proxy.test:3128',
    'http://proxy.test:3128\n',
    'http://a b:3128',
    'none',
  ])('proxyUrl() refuses %j', (text) => {
    expect(read(text)).toBeNull();
  });

  it('proxyUrl() reads an empty text as none, and its value is never shown', () => {
    expect(read('')).toBe('none');
    expect(showValue(proxyUrl('A', ''), 'http://ci:pa55@x')).toBe(
      'has a value that is not allowed',
    );
  });
});

describe('userPair()', () => {
  it('userPair() reads two names, and an empty text as the user of the primary', () => {
    const setting = userPair('A', '');
    expect(setting.read('leash-worker:leash-viewer')).toEqual({
      worker: 'leash-worker',
      viewer: 'leash-viewer',
    });
    expect(setting.read('')).toBe('same');
  });

  it.each(['a', 'a:', ':b', 'a:b:c', 'a:a', 'root:b', 'a:root', 'A:b', '1:2', 'a b:c'])(
    'userPair() refuses %j',
    (text) => {
      expect(userPair('A', '').read(text)).toBeNull();
    },
  );
});

describe('showValue()', () => {
  const setting = path('A', '', '');

  it('showValue() quotes a value, on one line', () => {
    expect(showValue(setting, 'a"\nb')).toBe(String.raw`is "a\"\nb"`);
  });

  it('showValue() cuts a long value', () => {
    expect(showValue(setting, 'x'.repeat(81))).toBe(`is "${'x'.repeat(80)}..."`);
    expect(showValue(setting, 'x'.repeat(80))).toBe(`is "${'x'.repeat(80)}"`);
  });

  it('showValue() never shows a secret', () => {
    expect(showValue(token('A', ''), 'se cret')).not.toContain('cret');
  });
});

describe('nearest()', () => {
  const names = ['LEASH_DIR', 'LEASH_BIND', 'LEASH_AUDIT'];

  it.each([
    ['LEASH_DRI', 'LEASH_DIR'],
    ['LEASH_DIRS', 'LEASH_DIR'],
    ['LEASH_BND', 'LEASH_BIND'],
    ['LEASH_AUDITED', 'LEASH_AUDIT'],
    ['LEASH_AUDITING', null],
    ['LEASH_XXX', null],
  ])('nearest() finds for %j: %j', (name, expected) => {
    expect(nearest(name, names)).toBe(expected);
  });

  it('nearest() takes the closest of several, and null where there is none', () => {
    expect(nearest('abcd', ['abxx', 'abcx'])).toBe('abcx');
    expect(nearest('a', [])).toBeNull();
  });
});

describe('isInsecureParserOption()', () => {
  it.each([
    ['--insecure-http-parser', true],
    ['--max-old-space-size=64 --insecure_http_parser', true],
    ['"--insecure-http_parser"', true],
    ['--max-http-header-size=1', false],
    ['', false],
  ])('isInsecureParserOption() of %j is %j', (options, expected) => {
    expect(isInsecureParserOption(options)).toBe(expected);
  });
});
