// What the tests of the upstream proxy run in: a leash whose way out is a proxy that asks for a
// credential, and servers that only that proxy finds. Leash itself knows the addresses of the proxy and
// of `direct.test`, and no other name.

import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:net';
import { expect } from 'vitest';
import { portOf } from './free-port.ts';
import { networkOf } from './policy-ask.ts';
import { type Dns, startDns } from './start-dns.ts';
import { type Origin, startOrigin } from './start-origin.ts';
import { startProxy, type TestProxy } from './start-proxy.ts';
import { startUpstreamProxy, type UpstreamProxy } from './start-upstream-proxy.ts';
import { tempDir } from './temp-dir.ts';
import { makeTestCa } from './test-ca.ts';

const PASSWORD = 'pa55-w0rd';
export const CREDENTIAL = `Basic ${Buffer.from(`ci:${PASSWORD}`).toString('base64')}`;

export type ChainNet = {
  readonly proxy: TestProxy;
  readonly corp: UpstreamProxy;
  readonly dns: Dns;
  /** `site.test` and `direct.test`, by https and by http. */
  readonly secure: Origin;
  readonly plain: Origin;
  /** `h2.test:port`, where a server speaks HTTP/2. */
  readonly http2: string;
  /** `ssh.test:port`, where a server speaks first, echoes and says goodbye. */
  readonly banner: string;
  readonly caFile: string;
  /** A folder for what a test writes. */
  readonly dir: string;
  https(path: string, host?: string): string;
  http(path: string, host?: string): string;
  /** The answer to a request and its record; no record of it holds the proxy's credential. */
  get(
    url: string,
    ...args: string[]
  ): Promise<{ stdout: string; record: TestProxy['link']['records'][number] | undefined }>;
  /** Waits until all flows have ended, and forgets what was recorded and received. */
  forget(): Promise<void>;
  close(): Promise<void>;
};

export async function startChainNet(): Promise<ChainNet> {
  const dir = await tempDir();
  const ca = await makeTestCa(dir.path);
  const secure = await startOrigin({ tls: { names: ['site.test', 'direct.test'], ca } });
  const plain = await startOrigin();
  const http2 = createSecureServer(await ca.issue(['h2.test']), (request, response) => {
    response.end(`over ${request.httpVersion}`);
  });
  const banner = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}).write('SSH-2.0-test\r\n');
    socket.on('data', (chunk) => socket.write(chunk)).on('end', () => socket.end('bye'));
  });
  for (const server of [http2, banner]) server.listen(0, '127.0.0.1');
  await Promise.all([once(http2, 'listening'), once(banner, 'listening')]);
  const corp = await startUpstreamProxy();
  const dns = await startDns({ 'corp.test': ['127.0.0.1'], 'direct.test': ['127.0.0.1'] });
  const proxy = await startProxy({
    env: {
      LEASH_DNS: dns.address,
      LEASH_UPSTREAM_PROXY: `http://ci:${PASSWORD}@corp.test:${corp.port}`,
    },
    rootsFile: ca.caFile,
    policy: { network: networkOf({}) },
  });
  return {
    ...{ proxy, corp, dns, secure, plain, caFile: ca.caFile, dir: dir.path },
    http2: `h2.test:${portOf(http2.address())}`,
    banner: `ssh.test:${portOf(banner.address())}`,
    https: (path, host = 'site.test') => `https://${host}:${secure.port}${path}`,
    http: (path, host = 'site.test') => `http://${host}:${plain.port}${path}`,
    async get(url, ...args) {
      const before = proxy.link.records.length;
      const { stdout } = await proxy.curl('-i', ...args, url);
      const count = before + (url.startsWith('https') && !/^HTTP\/1\.1 [45]/.test(stdout) ? 2 : 1);
      const records = (await proxy.ended(count)).slice(before);
      const all = JSON.stringify([proxy.link.opened, proxy.link.records]);
      expect(all).not.toMatch(new RegExp(`${PASSWORD}|${CREDENTIAL.slice('Basic '.length)}`));
      const record = records.find(({ fields }) => fields.method !== 'CONNECT') ?? records[0];
      return { stdout, record };
    },
    async forget() {
      await proxy.forget();
      // Another version of the policy: no connection of the test before is used again.
      proxy.setPolicy({});
      corp.answer = null;
      corp.credential = CREDENTIAL;
      for (const list of [corp.requests, secure.requests, plain.requests, dns.queries]) {
        list.length = 0;
      }
    },
    async close() {
      await proxy.close();
      await Promise.all([corp.close(), secure.close(), plain.close(), dns.close(), dir.close()]);
      http2.close();
      banner.close();
    },
  };
}
