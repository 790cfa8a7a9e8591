import { describe, expect, it } from 'vitest';
import { TlsFailures } from '../../../../src/worker/tls/tls-failures.ts';

describe('TlsFailures', () => {
  it.each([
    ['tlsv1 alert unknown ca', "the client does not trust leash's CA: give it ca.pem"],
    ['sslv3 alert bad certificate', "the client does not trust leash's CA: give it ca.pem"],
    ['unsupported protocol', 'the client speaks no TLS 1.2 or later'],
    ['no shared cipher', 'client and leash have no cipher in common'],
    ['no application protocol', 'the client wants a protocol that leash does not offer'],
  ])('says of "%s" what to do', (words, cure) => {
    expect(new TlsFailures().failed('10.0.0.1', 'a.test', words)).toBe(
      `tls_client: ${words} (${cure})`,
    );
  });

  it('leaves alone what it does not know', () => {
    expect(new TlsFailures().failed('10.0.0.1', 'a.test', 'ECONNRESET')).toBe(
      'tls_client: ECONNRESET',
    );
  });

  it('counts what fails in a row, by client and host', () => {
    const failures = new TlsFailures();
    const fail = (client: string) => failures.failed(client, 'a.test', 'ECONNRESET');
    expect(fail('10.0.0.1')).toBe('tls_client: ECONNRESET');
    expect(fail('10.0.0.1')).toBe('tls_client: ECONNRESET, 2 times in a row');
    expect(fail('10.0.0.2')).toBe('tls_client: ECONNRESET');
    failures.succeeded('10.0.0.1', 'a.test');
    expect(fail('10.0.0.1')).toBe('tls_client: ECONNRESET');
  });

  it('takes a client that trusts leash for other hosts for one that pins', () => {
    const failures = new TlsFailures();
    failures.succeeded('10.0.0.1', 'b.test');
    const reason = failures.failed('10.0.0.1', 'a.test', 'unknown ca');
    expect(reason).toContain('list a.test under passthrough in network.yaml');
  });

  it('forgets the oldest of more clients and hosts than it remembers', () => {
    const failures = new TlsFailures();
    for (let n = 0; n < 5000; n += 1) failures.failed('10.0.0.1', `h${n}.test`, 'x');
    expect(failures.failed('10.0.0.1', 'h0.test', 'x')).toBe('tls_client: x');
    expect(failures.failed('10.0.0.1', 'h4999.test', 'x')).toContain('2 times');
  });
});
