// Who a client is: by its token or by its address, in the record and in the rules.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ruleFor } from '../support/policy-ask.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let plain: Origin;
let secure: Origin;
let proxy: TestProxy;

const AGENTS = [
  { name: 'builder', networks: [], tokenSha256: sha256('t0ken') },
  { name: 'near', networks: ['127.0.0.7/32'], tokenSha256: '' },
];

beforeAll(async () => {
  plain = await startOrigin();
  secure = await startOrigin({ tls: { names: ['localhost'] } });
  proxy = await startProxy({ rootsFile: secure.caFile, policy: { agents: AGENTS } });
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([plain.close(), secure.close()]);
});
beforeEach(async () => {
  proxy.setPolicy({});
  await proxy.forget();
  for (const origin of [plain, secure]) origin.requests.length = 0;
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const urls = () => [`${plain.url}/echo`, `https://localhost:${secure.port}/echo`];
const as = (user: string) => ['--proxy-user', user];

describe('a client is known', () => {
  it.each([0, 1])('by its token, which goes no further and into no record (%i)', async (n) => {
    const { code, stdout } = await proxy.curl(...as('builder:t0ken'), urls()[n] ?? '');
    expect({ code, method: JSON.parse(stdout).method }).toEqual({ code: 0, method: 'GET' });
    const records = await proxy.ended(n + 1);
    for (const { fields } of records) expect(fields).toMatchObject({ agent: 'builder' });
    const seen = JSON.stringify([plain.requests, secure.requests, records, proxy.link.opened]);
    expect(seen.toLowerCase()).not.toContain(
      Buffer.from('builder:t0ken').toString('base64').toLowerCase(),
    );
    expect(JSON.stringify([plain.requests, secure.requests])).not.toMatch(/proxy-auth/i);
  });

  it('by its address, and the rules of that agent are its own', async () => {
    proxy.setPolicy({
      mode: 'enforce',
      allow: [ruleFor('127.0.0.1', { agents: ['near'], private: true })],
    });
    const [url = ''] = urls();
    const status = async (...args: string[]) =>
      (await proxy.curl('-o', '/dev/null', '-w', '%{http_code}', ...args, url)).stdout;
    expect(await status('--interface', '127.0.0.7')).toBe('200');
    expect(await status('--interface', '127.0.0.8')).toBe('403');
    expect(await status('--interface', '127.0.0.7', ...as('builder:t0ken'))).toBe('403');
    expect((await proxy.ended(3)).map(({ fields }) => fields.agent)).toEqual([
      'near',
      undefined,
      'builder',
    ]);
  });

  it('or refused with 407, for a wrong token, before anything is dialled', async () => {
    for (const [n, url] of urls().entries()) {
      const { stdout } = await proxy.curl('-i', ...as('builder:wrong'), url);
      expect(stdout).toMatch(/^HTTP\/1\.1 407 [\s\S]*reason=identity_unknown/);
      expect(stdout).toMatch(/\r\nProxy-Authenticate: Basic realm="leash"/);
      expect((await proxy.ended(n + 1))[n]).toMatchObject({
        event: 'blocked',
        fields: { status: 407, reason: 'identity_unknown' },
      });
    }
    expect([...plain.requests, ...secure.requests]).toEqual([]);
    expect(JSON.stringify(proxy.link.records)).not.toContain(
      Buffer.from(':wrong').toString('base64').slice(2, 8),
    );
  });

  it('or refused with 407 where everybody has to be known', async () => {
    proxy.setPolicy({ requireIdentity: true });
    const [url = ''] = urls();
    expect((await proxy.curl('-i', url)).stdout).toMatch(
      /^HTTP\/1\.1 407 [\s\S]*identity_required/,
    );
    expect((await proxy.curl('-i', ...as('builder:t0ken'), url)).stdout).toMatch(
      /^HTTP\/1\.1 200 /,
    );
  });

  it('and two agents at one address never share a connection to an upstream', async () => {
    proxy.setPolicy({
      agents: [...AGENTS, { name: 'other', networks: [], tokenSha256: sha256('0ther') }],
    });
    const [url = ''] = urls();
    const before = plain.connections();
    for (const user of ['builder:t0ken', 'other:0ther', 'builder:t0ken']) {
      expect((await proxy.curl(...as(user), url)).code).toBe(0);
    }
    expect(plain.connections() - before).toBe(2);
  });
});

describe('where a request comes from', () => {
  it('is not what the agent says: such fields are on the record and reach no server', async () => {
    const claims = ['X-Forwarded-For: 1.2.3.4', 'Forwarded: for=1.2.3.4', 'X-Real-IP: 1.2.3.4'];
    const args = [...claims, 'X-Forwarded_Host: a', 'X-Kept: yes'].flatMap((line) => ['-H', line]);
    await proxy.curl(...args, urls()[0] ?? '');
    const sent = plain.requests[0]?.rawHeaders.join('\n') ?? '';
    expect(sent).toContain('X-Kept');
    expect(sent).not.toMatch(/forwarded|real-ip|1\.2\.3\.4/i);
    const [record] = await proxy.ended(1);
    expect(record?.fields.req_headers).toContainEqual(['X-Forwarded-For', '1.2.3.4']);
  });
});
