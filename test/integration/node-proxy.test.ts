// node-proxy.cjs: a Node that reads no proxy variable goes through the proxy nevertheless, whichever of its
// three ways a program takes. On a Node that reads them the same holds by itself.

import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

const PRELOAD = fileURLToPath(new URL('../../src/shared/trust/node-proxy.cjs', import.meta.url));
const WAYS = ['fetch', 'https', 'http'];
const CODE: Readonly<Record<string, string>> = {
  fetch:
    'fetch(url).then((r) => r.text()).then(console.log, (e) => { console.error(e.cause); process.exit(1); })',
  https:
    'require("https").get(url, (r) => r.pipe(process.stdout)).on("error", (e) => { console.error(e); process.exit(1); })',
  http: 'require("http").get(url.replace("https", "http"), (r) => r.pipe(process.stdout)).on("error", (e) => { console.error(e); process.exit(1); })',
};

let proxy: TestProxy;
let origin: Origin;
beforeAll(async () => {
  [proxy, origin] = await Promise.all([startProxy(), startOrigin()]);
});
afterAll(async () => {
  await Promise.all([proxy.close(), origin.close()]);
});
beforeEach(async () => {
  proxy.setPolicy({});
  await proxy.forget();
});

const node = (
  code: string,
  env: Readonly<Record<string, string>> = {},
  url = 'https://leash.internal/probe',
): Promise<RunResult> => {
  const via = `http://127.0.0.1:${proxy.port}`;
  const all = { HTTPS_PROXY: via, HTTP_PROXY: via, NODE_USE_ENV_PROXY: '1', ...env };
  const trust = { NODE_EXTRA_CA_CERTS: proxy.caFile };
  const words = [`--require=${PRELOAD}`, '-e', `const url = ${JSON.stringify(url)};${code}`];
  return run(process.execPath, words, { env: { ...all, ...trust } });
};

describe.each(WAYS)('%s of Node', (way) => {
  const code = CODE[way] ?? '';

  it('goes through the proxy', async () => {
    const done = await node(code);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('this came through');
  });

  it('shows the token of its proxy', async () => {
    const tokenSha256 = createHash('sha256').update('t@ken').digest('hex');
    proxy.setPolicy({ agents: [{ name: 'ci', networks: [], tokenSha256 }], requireIdentity: true });
    const via = `http://ci:t%40ken@127.0.0.1:${proxy.port}`;
    await node(code, { HTTPS_PROXY: via, HTTP_PROXY: via });
    const records = await proxy.ended(1);
    expect(records[0]?.fields.agent).toBe('ci');
  });

  it('leaves out what NO_PROXY names', async () => {
    for (const NO_PROXY of ['leash.internal', 'localhost, .internal', '*']) {
      const { code: status, stderr } = await node(code, { NO_PROXY });
      expect(status).toBe(1);
      expect(stderr).toMatch(/ENOTFOUND|EAI_AGAIN/);
    }
    expect(proxy.link.records).toEqual([]);
  });

  it('says so where the proxy is down, and where it refuses', async () => {
    const down = { HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' };
    const gone = await node(code, down);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('ECONNREFUSED');
    proxy.setPolicy({ mode: 'enforce' });
    const refused = await node(code, {}, 'https://example.com/');
    expect(`${refused.stdout}${refused.stderr}`).toMatch(/403|blocked/);
  });
});

it('a body goes up and comes back whole, over one connection after the other', async () => {
  const code = `(async () => {
    for (let n = 0; n < 3; n += 1) {
      const body = 'x'.repeat(300000);
      const answer = await fetch(url, { method: 'POST', body });
      console.log(answer.status, (await answer.text()).length);
    }
  })()`;
  const done = await node(code, {}, `${origin.url}/echo`);
  expect(done).toMatchObject({ code: 0, stdout: '200 300000\n'.repeat(3) });
});

it('the certificate of an address is held against that address', async () => {
  // Nobody listens there: what answers inside of TLS is leash.
  const [port] = await freePorts(1);
  const code = 'fetch(url).then((r) => console.log(r.status), (e) => console.log(e.cause.code))';
  expect((await node(code, {}, `https://127.0.0.1:${port}/`)).stdout).toBe('502\n');
});
