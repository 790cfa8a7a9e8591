// The files as agents get them: right for the shell, and nothing in them that could be another's words.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  bundleOf,
  caPem,
  proxyUrlOf,
  renderTrustFile,
  TRUST_FILES,
  type TrustMaterial,
  trustIndex,
} from '../../../../src/shared/trust/trust-files.ts';
import { TRUST_VARS } from '../../../../src/shared/trust/trust-vars.ts';

const script = (name: string) =>
  readFileSync(new URL(`../../../../src/shared/trust/${name}`, import.meta.url), 'utf8');
const ca = (n: number) => ({
  pem: `-----BEGIN CERTIFICATE-----\nMII${n}\n-----END CERTIFICATE-----\n`,
  sha256: Array(32).fill(`A${n}`).join(':'),
  notBeforeMs: 0,
  notAfterMs: Date.parse('2036-01-02'),
});
const MATERIAL: TrustMaterial = {
  cas: [ca(1), ca(2)],
  bundlePem: 'PUBLIC\n',
  scripts: {
    trust: script('trust.sh'),
    doctor: script('doctor.sh'),
    nodeProxy: script('node-proxy.cjs'),
  },
};
const of = (name: string, authority = '10.0.0.1:8080') =>
  renderTrustFile(name, MATERIAL, authority) ?? '';
const SCRIPTS = ['trust.sh', 'doctor.sh', 'env.sh'];

describe('renderTrustFile()', () => {
  it.each(TRUST_FILES.map(({ name }) => name))(
    'renderTrustFile() makes %s, the same each time',
    (name) => {
      expect(of(name)).not.toBe('');
      expect(of(name)).toBe(of(name));
    },
  );

  it('renderTrustFile() knows no other file', () => {
    for (const name of ['', 'ca.key', '../ca.pem', 'CA.PEM', 'constructor']) {
      expect(renderTrustFile(name, MATERIAL, '10.0.0.1:8080')).toBeNull();
    }
  });

  it('renderTrustFile() gives all CAs in ca.pem, and the one that signs in ca.crt', () => {
    expect(of('ca.pem')).toBe(caPem(MATERIAL.cas));
    expect(of('ca.crt')).toBe(ca(1).pem);
  });

  it('renderTrustFile() puts CAs, proxy and variables into trust.sh', () => {
    const text = of('trust.sh');
    expect(text).toMatch(/^PROXY='http:\/\/10\.0\.0\.1:8080'$/m);
    expect(text).toContain(`ca '${'a1'.repeat(32)}' <<'LEASH_PEM'\n${ca(1).pem}LEASH_PEM\n`);
    expect(text).toContain(`ca '${'a2'.repeat(32)}'`);
    expect(text).toContain(MATERIAL.scripts.nodeProxy.trimEnd());
    for (const [name] of TRUST_VARS) expect(text).toContain(name);
    expect(text).not.toContain('<embedded>');
    expect(text.endsWith('\nmain "$@"\n')).toBe(true);
  });

  it.each(SCRIPTS)('renderTrustFile() makes a %s that the shells can read', (name) => {
    for (const shell of ['dash', 'bash']) execFileSync(shell, ['-n'], { input: of(name) });
  });

  it('renderTrustFile() makes an env.sh that sets each variable of the proxy, twice as well as once', () => {
    const out = execFileSync('dash', ['-eu'], {
      input: `${of('env.sh')}\n${of('env.sh')}\nenv\n`,
      env: { PATH: process.env.PATH, HOME: '/nonexistent' },
      stdio: ['pipe', 'pipe', 'ignore'],
    }).toString();
    expect(out).toContain('https_proxy=http://10.0.0.1:8080\n');
    expect(out).toContain('NO_PROXY=localhost,127.0.0.1,::1\n');
  });

  it('renderTrustFile() makes a proxy.pac that a browser can read', () => {
    const pac = (authority: string, host: string) =>
      execFileSync(process.execPath, [
        '-p',
        `${of('proxy.pac', authority)};FindProxyForURL('', '${host}')`,
      ])
        .toString()
        .trim();
    expect(pac('10.0.0.1:8080', 'example.com')).toBe('PROXY 10.0.0.1:8080');
    expect(pac('[2001:db8::1]:8080', 'example.com')).toBe('PROXY [2001:db8::1]:8080');
    expect(pac('10.0.0.1:8080', 'localhost')).toBe('DIRECT');
  });

  it.each([
    "10.0.0.1:80';id;'",
    '$(id):80',
    '`id`:80',
    'a b:80',
    'a\nb:80',
    'host',
    'host:0',
    'user@host:80',
    'http://host:80',
    '',
  ])('renderTrustFile() throws on an address that is none: %j', (authority) => {
    for (const name of [...SCRIPTS, 'proxy.pac'])
      expect(() => of(name, authority)).toThrow(TypeError);
    expect(() => trustIndex(MATERIAL, authority)).toThrow(TypeError);
  });
});

describe('trustIndex()', () => {
  it('trustIndex() names the proxy, each CA with its fingerprint, and each file', () => {
    const text = trustIndex(MATERIAL, '10.0.0.1:8080');
    for (const { sha256 } of MATERIAL.cas)
      expect(text).toContain(`SHA-256 ${sha256}, until 2036-01-02`);
    for (const { name, help } of TRUST_FILES) expect(text).toContain(help) ?? name;
    expect(text).toContain('curl -fsS -x http://10.0.0.1:8080 http://leash.internal/trust.sh');
  });
});

describe('proxyUrlOf(), bundleOf()', () => {
  it('proxyUrlOf() gives a URL in normal form', () => {
    expect(proxyUrlOf('Leash.Example.:3128')).toBe('http://leash.example:3128');
    expect(proxyUrlOf('[::1]:8080')).toBe('http://[::1]:8080');
  });

  it('bundleOf() keeps a newline between the last public CA and ours', () => {
    expect(bundleOf('A', [ca(1)])).toBe(`A\n${ca(1).pem}`);
    expect(bundleOf('A\n\n', [ca(1)])).toBe(`A\n${ca(1).pem}`);
  });
});
