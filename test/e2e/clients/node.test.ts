// Node's fetch through leash, as a process of its own: with undici's agents, and by NODE_USE_ENV_PROXY
// where the Node that runs the tests has it.

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashOf } from '../../support/clients/hash.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { deterministicBytes } from '../../support/origin-routes.ts';

const AGENT = fileURLToPath(new URL('../../support/clients/fetch-agent.mjs', import.meta.url));
const PLAIN = fileURLToPath(new URL('../../support/clients/fetch-plain.mjs', import.meta.url));
const BODY = Buffer.concat([...deterministicBytes(300_000)]);
const HAS_ENV_PROXY = process.allowedNodeEnvironmentFlags.has('--use-env-proxy');

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.close());

async function node(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Buffer> {
  const env = { NODE_EXTRA_CA_CERTS: stage.leash.caFile, ...variables };
  const { output } = await stage.client(process.execPath, args, { env, input: BODY });
  return output;
}

async function expectOnRecord(url: string): Promise<void> {
  expect(await stage.outcome(url)).toMatchObject({
    event: 'allowed',
    method: 'POST',
    status: 200,
    req_bytes: BODY.length,
    req_sha256: hashOf(BODY),
    bytes: BODY.length,
    res_sha256: hashOf(BODY),
  });
}

it.each([
  { scheme: 'https', base: () => stage.url },
  { scheme: 'http', base: () => stage.plainUrl },
])('fetch with ProxyAgent posts over $scheme', async ({ base }) => {
  const url = `${base()}/echo?node=agent`;
  expect((await node([AGENT, url, stage.leash.proxyUrl], {})).equals(BODY)).toBe(true);
  await expectOnRecord(url);
});

it.each([
  { scheme: 'https', base: () => stage.url },
  { scheme: 'http', base: () => stage.plainUrl },
])('fetch with EnvHttpProxyAgent posts over $scheme, with the variables', async ({ base }) => {
  const url = `${base()}/echo?node=env-agent`;
  expect((await node([AGENT, url], stage.proxyEnv)).equals(BODY)).toBe(true);
  await expectOnRecord(url);
});

if (HAS_ENV_PROXY) {
  it.each([
    { scheme: 'https', base: () => stage.url },
    { scheme: 'http', base: () => stage.plainUrl },
  ])('fetch alone posts over $scheme, with the variables and NODE_USE_ENV_PROXY', async (by) => {
    const url = `${by.base()}/echo?node=env-proxy`;
    const env = { ...stage.proxyEnv, NODE_USE_ENV_PROXY: '1' };
    expect((await node([PLAIN, url], env)).equals(BODY)).toBe(true);
    await expectOnRecord(url);
  });
} else {
  it('fetch alone goes around the proxy: this Node has no NODE_USE_ENV_PROXY', async () => {
    const url = `http://127.0.0.1:${stage.plain.port}/echo?node=around`;
    const env = { ...stage.proxyEnv, NODE_USE_ENV_PROXY: '1' };
    expect((await node([PLAIN, url], env)).equals(BODY)).toBe(true);
    expect(stage.plain.requests.at(-1)?.url).toBe('/echo?node=around');
    const records = await stage.leash.records();
    expect(records.filter((record) => record.url?.includes('node=around'))).toEqual([]);
  });
}
