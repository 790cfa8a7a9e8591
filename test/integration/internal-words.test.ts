// What leash.internal says of the proxy: never a word of whoever asks, as people pipe it into shells.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRUST_FILES } from '../../src/shared/trust/trust-files.ts';
import { rawRequest } from '../support/raw.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let proxy: TestProxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.close());

const ask = (line: string, headers: readonly string[] = ['Host: leash.internal']) =>
  rawRequest(
    proxy.port,
    [`${line} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'),
  );
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);
const self = () => `127.0.0.1:${proxy.port}`;

describe('Invariant: of a request nothing stands in these files: the proxy', () => {
  it("is named by the socket's own address, whatever a head says", async () => {
    const evil = `$(touch$\{IFS}/tmp/x)';\`id\``;
    const headers = [
      'Host: leash.internal',
      `X-Forwarded-Host: ${evil}`,
      `X-Forwarded-For: ${evil}`,
      `Forwarded: host=${evil}`,
      `User-Agent: ${evil}`,
      `Accept: application/json${evil}`,
      `Referer: http://${evil}/`,
    ];
    for (const { name } of TRUST_FILES) {
      const plain = bodyOf(await ask(`GET http://leash.internal/${name}`));
      const asked = await ask(
        `GET http://leash.internal/${name}?${encodeURIComponent(evil)}'x`,
        headers,
      );
      expect(bodyOf(asked)).toBe(plain);
      expect(asked).not.toContain('IFS');
    }
    expect(bodyOf(await ask('GET /env.sh'))).toContain(`export HTTPS_PROXY='http://${self()}'\n`);
  });

  it('is named as the setting says, where there is one', async () => {
    const other = await startProxy({ env: { LEASH_PROXY_ADDRESS: 'Leash.Example:3128' } });
    try {
      const request = 'GET http://leash.internal/env.sh HTTP/1.0\r\nHost: leash.internal\r\n\r\n';
      expect(await rawRequest(other.port, request)).toContain("'http://leash.example:3128'");
    } finally {
      await other.close();
    }
  });
});
