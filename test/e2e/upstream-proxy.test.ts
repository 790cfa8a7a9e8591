// The built program behind another proxy: requests go out through it, and its password stays in memory.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../support/run-client.ts';
import { startLeash } from '../support/start-leash.ts';
import { startOrigin } from '../support/start-origin.ts';
import { fieldOf, startUpstreamProxy } from '../support/start-upstream-proxy.ts';

const PASSWORD = 'pa55-w0rd';
const CREDENTIAL = `Basic ${Buffer.from(`ci:${PASSWORD}`).toString('base64')}`;

it('goes out through the proxy, whose password is in no file and on no screen', async () => {
  const origin = await startOrigin({ tls: { names: ['site.test'] } });
  const corp = await startUpstreamProxy();
  corp.credential = CREDENTIAL;
  const leash = await startLeash({
    env: {
      LEASH_UPSTREAM_PROXY: `http://ci:${PASSWORD}@127.0.0.1:${corp.port}`,
      LEASH_UPSTREAM_CA: origin.caFile,
    },
  });
  try {
    const get = async () => {
      const args = ['-sS', '-i', '-x', leash.proxyUrl, '--cacert', leash.caFile];
      return await run('curl', [...args, `https://site.test:${origin.port}/status/200`]);
    };
    expect((await get()).stdout).toMatch(/200\n$/);
    expect(corp.requests.map((request) => fieldOf(request, 'proxy-authorization'))).toEqual([
      CREDENTIAL,
    ]);
    corp.credential = 'Basic other';
    await leash.writePolicy({ 'network.yaml': { direct: ['other.test'] } });
    await leash.waitForRecords((record) => record.event === 'policy_change');
    await expect.poll(async () => (await get()).stdout).toContain('reason=proxy: 407');
    const pages = ['/api/meta', '/api/logs', '/metrics'].map(async (path) => {
      const token = await readFile(join(leash.stateDir, 'private', 'viewer-token'), 'utf8');
      const headers = { authorization: `Bearer ${token.trim()}` };
      const answer = await fetch(`${leash.viewerUrl}${path}`, { headers });
      expect(answer.status).toBe(200);
      return await answer.text();
    });
    const shown = [...(await Promise.all(pages)), leash.stdout(), leash.stderr()];
    await leash.stop();
    const names = await readdir(leash.dir, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile());
    const texts = files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1'));
    const all = [...shown, ...(await Promise.all(texts))].join('\n');
    expect(all).toContain('proxy: 407');
    expect(all).not.toMatch(new RegExp(`${PASSWORD}|${CREDENTIAL.slice('Basic '.length)}`));
  } finally {
    await leash.close();
    await Promise.all([corp.close(), origin.close()]);
  }
});
