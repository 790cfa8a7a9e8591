// What leash.internal answers is in memory once, however a client reached the proxy.

import { expect, it } from 'vitest';
import { TRUST_FILES, type TrustMaterial } from '../../../src/shared/trust/trust-files.ts';
import { InternalSite } from '../../../src/worker/internal-site.ts';

const material = (bundlePem: string): TrustMaterial => ({
  cas: [],
  bundlePem,
  scripts: { trust: '# t\n', doctor: '# d\n', nodeProxy: '// n\n' },
});

it('the bundle is one buffer for a thousand addresses of the proxy, until the CA is another', () => {
  let now = material('one');
  const site = new InternalSite(() => now);
  const first = site.answer('GET', '/ca-bundle.pem', '127.0.0.1:80').body;
  for (let n = 0; n < 1000; n += 1) {
    const authority = `127.0.${n >> 8}.${n & 255}:80`;
    for (const { name } of TRUST_FILES) site.answer('GET', `/${name}`, authority);
    expect(site.answer('GET', '/ca-bundle.pem', authority).body).toBe(first);
    expect(site.answer('GET', '/proxy.pac', authority).body.toString()).toContain(authority);
  }
  now = material('two');
  expect(site.answer('GET', '/ca-bundle.pem', '127.0.0.1:80').body.toString()).toBe('two');
});
