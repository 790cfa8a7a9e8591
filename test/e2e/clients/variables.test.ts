// Which variables make a client use leash and trust its CA: all of them, tried one by one. The table
// in docs/clients.md says the same.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientName, prepareClients, runOnce } from '../../support/clients/one-request.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import type { Origin } from '../../support/start-origin.ts';

const TRUST = [
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'SSL_CERT_FILE',
];

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
  await prepareClients(stage);
});
afterAll(() => stage.close());

/** Whether anything of the client's reaches the origin, whose name only leash can resolve. */
async function arrives(
  name: ClientName,
  scheme: 'http' | 'https',
  variables: Readonly<Record<string, string>>,
): Promise<boolean> {
  const secure = scheme === 'https';
  const origin: Origin = secure ? stage.origin : stage.plain;
  const before = origin.requests.length;
  await runOnce(stage, name, secure ? stage.url : stage.plainUrl, variables);
  return origin.requests.length > before;
}

/** All that make it trust the CA; each alone. */
const trusting: readonly (readonly [ClientName, readonly string[]])[] = [
  ['apt', []],
  ['curl', ['CURL_CA_BUNDLE', 'SSL_CERT_FILE']],
  ['fetch', ['NODE_EXTRA_CA_CERTS']],
  ['git', ['GIT_SSL_CAINFO']],
  ['go', ['SSL_CERT_FILE']],
  ['npm', ['NODE_EXTRA_CA_CERTS']],
  ['pip', ['CURL_CA_BUNDLE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE']],
  ['requests', ['CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE']],
  ['urllib', ['SSL_CERT_FILE']],
  ['wget', []],
];

describe('trust', () => {
  it.each(trusting)('%s takes leash by these variables, and by no other: %j', async (name, all) => {
    const enough: string[] = [];
    for (const variable of TRUST) {
      const env = { ...stage.proxyEnv, [variable]: stage.leash.caFile };
      if (await arrives(name, 'https', env)) enough.push(variable);
    }
    expect(enough).toEqual(all);
    expect(await arrives(name, 'https', stage.proxyEnv)).toBe(false);
  });
});

describe('a host under passthrough', () => {
  it('shows its own certificate: a variable that replaces all trust wants a bundle with both CAs', async () => {
    const network = { allow_private: ['127.0.0.0/8'], passthrough: ['origin.test'] };
    const other = await startStage({ policy: { 'network.yaml': network } });
    try {
      const { caFile } = other.leash;
      const alone = { ...other.proxyEnv, CURL_CA_BUNDLE: caFile };
      expect(await runOnce(other, 'curl', other.url, alone)).toMatchObject({ code: 60 });

      const bundle = join(other.dir, 'bundle.pem');
      await writeFile(bundle, [await readFile(caFile), await readFile(other.origin.caFile)]);
      const both = { ...other.proxyEnv, CURL_CA_BUNDLE: bundle };
      expect(await runOnce(other, 'curl', other.url, both)).toMatchObject({ code: 0 });
      await other.leash.waitForRecords(({ event }) => event === 'uninspected');
    } finally {
      await other.close();
    }
  });
});

/** Which of the two it reads in upper case; in lower case all of them read both. */
const upperCase: readonly (readonly [ClientName, readonly ('http' | 'https')[]])[] = [
  ['apt', []],
  ['curl', ['https']],
  ['fetch', ['http', 'https']],
  ['git', ['https']],
  ['npm', ['http', 'https']],
  ['pip', ['http', 'https']],
  ['requests', ['http', 'https']],
  ['urllib', ['http', 'https']],
  ['wget', []],
];

describe('spelling', () => {
  it.each(upperCase)(
    '%s reads these in upper case, and all in lower case: %j',
    async (name, all) => {
      const { proxyUrl } = stage.leash;
      expect(await proxied(name, { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl })).toEqual(all);
      const both = { http_proxy: proxyUrl, https_proxy: proxyUrl };
      expect(await proxied(name, both)).toEqual(['http', 'https']);
    },
  );
});

/**
 * The schemes for which the client goes to leash. By address, so that one that does not asks no name
 * server; Go, which never goes to a proxy then, is not in the table.
 */
async function proxied(
  name: ClientName,
  variables: Readonly<Record<string, string>>,
): Promise<string[]> {
  const found: string[] = [];
  for (const [scheme, origin] of [
    ['http', stage.plain],
    ['https', stage.origin],
  ] as const) {
    const before = (await stage.leash.records()).length;
    await runOnce(stage, name, `${scheme}://127.0.0.1:${origin.port}`, variables);
    const records = (await stage.leash.records()).slice(before);
    if (records.some(({ port }) => port === origin.port)) found.push(scheme);
  }
  return found;
}
