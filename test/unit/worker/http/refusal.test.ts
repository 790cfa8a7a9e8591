import { describe, expect, it } from 'vitest';
import {
  formatRawRefusal,
  formatRefusal,
  type Refusal,
} from '../../../../src/worker/http/refusal.ts';

const refusal: Refusal = {
  status: 403,
  reason: 'not_in_allowlist',
  id: '1-1-7',
  host: 'evil.test',
  port: 443,
  method: 'GET',
  path: '/x',
  mode: 'enforce',
  rule: '',
};

describe('formatRefusal()', () => {
  it('says host, port and reason in one line, as the original did', () => {
    const { headers, body } = formatRefusal(refusal, '*/*');
    expect(body).toBe('leash: evil.test:443 blocked (not_in_allowlist)\n');
    expect(headers.slice(0, 2)).toEqual(['x-leash', 'blocked; reason=not_in_allowlist; id=1-1-7']);
    expect(headers).not.toContain('Retry-After');
  });

  it('answers in JSON when Accept asks for it', () => {
    const { body } = formatRefusal(refusal, 'application/json');
    expect(JSON.parse(body)).toMatchObject({
      error: 'blocked',
      reason: 'not_in_allowlist',
      host: 'evil.test',
      port: 443,
      method: 'GET',
      path: '/x',
      mode: 'enforce',
      id: '1-1-7',
      hint: expect.any(String),
    });
  });

  it.each([400, 403, 407, 421, 429, 503, 502])('has a hint for status %i', (status) => {
    const { body } = formatRefusal({ ...refusal, status }, 'application/json');
    expect(JSON.parse(body).hint).not.toBe('');
  });

  it.each([429, 503])('says when to try again with status %i', (status) => {
    expect(formatRefusal({ ...refusal, status }, '').headers).toContain('Retry-After');
  });

  it('calls a failure of the upstream a failure, not a block', () => {
    const { headers, body } = formatRefusal(
      { ...refusal, status: 502, reason: 'dns: ENOTFOUND' },
      '',
    );
    expect(headers[1]).toMatch(/^error; /);
    expect(body).toBe('leash: evil.test:443 failed (dns: ENOTFOUND)\n');
  });

  it('lets no text of an upstream end a header line', () => {
    const { headers } = formatRefusal(
      { ...refusal, reason: 'tls_server: a\r\nSet-Cookie: b\u001b' },
      '',
    );
    expect(headers[1]).toBe('blocked; reason=tls_server: a??Set-Cookie: b?; id=1-1-7');
  });

  it('says "request" when no host is known', () => {
    expect(formatRefusal({ ...refusal, host: '', port: 0 }, '').body).toMatch(
      /^leash: request blocked/,
    );
  });
});

describe('formatRawRefusal()', () => {
  it('is a whole response that closes the connection', () => {
    const text = formatRawRefusal(refusal, '');
    const [head, body] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(head).toMatch(/\r\nConnection: close$/);
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body ?? '')}`);
  });

  it('has a phrase for a status that has none', () => {
    expect(formatRawRefusal({ ...refusal, status: 499 }, '')).toMatch(/^HTTP\/1\.1 499 Refused/);
  });
});
