import { describe, expect, it } from 'vitest';
import {
  javaOptions,
  namesOf,
  TRUST_VARS,
  trustVars,
} from '../../../../src/shared/trust/trust-vars.ts';

const PLACES = { proxyUrl: 'http://10.0.0.1:8080', ca: '/x/ca.pem', bundle: '/x/bundle.pem' };

describe('trustVars()', () => {
  it('trustVars() gives each variable once, with its kind of value', () => {
    const vars = new Map(trustVars(PLACES));
    expect(vars.size).toBe(TRUST_VARS.length);
    expect(vars.get('https_proxy')).toBe('http://10.0.0.1:8080');
    expect(vars.get('NODE_EXTRA_CA_CERTS')).toBe('/x/ca.pem');
    expect(vars.get('SSL_CERT_FILE')).toBe('/x/bundle.pem');
    expect(vars.get('NODE_USE_ENV_PROXY')).toBe('1');
  });

  // A client that knows leash alone trusts no host that is passed through.
  it('trustVars() replaces what a client trusts by the bundle only, never by the CA alone', () => {
    expect(namesOf('ca')).toEqual(['NODE_EXTRA_CA_CERTS', 'DENO_CERT']);
    expect(namesOf('bundle')).toContain('REQUESTS_CA_BUNDLE');
  });
});

describe('javaOptions()', () => {
  it('javaOptions() names host and port, without the brackets of IPv6', () => {
    expect(javaOptions('http://10.0.0.1:3128')).toContain(
      '-Dhttps.proxyHost=10.0.0.1 -Dhttps.proxyPort=3128',
    );
    expect(javaOptions('http://[2001:db8::1]:3128')).toContain('-Dhttps.proxyHost=2001:db8::1 ');
    expect(javaOptions('http://leash:80')).toContain('-Dhttp.proxyPort=80');
  });
});
