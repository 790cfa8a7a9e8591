// Which variables make a client use leash and trust its CA: all of them, tried one by one. The table
// in docs/clients.md says the same.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientName, prepareClients, runOnce } from '../../support/clients/one-request.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';

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
  variables: Readonly<Record<string, string>>,
): Promise<boolean> {
  const before = stage.origin.requests.length;
  await runOnce(stage, name, stage.url, variables);
  return stage.origin.requests.length > before;
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
  it.each(trusting)(
    '%s takes leash by each of these variables, by no other: %j',
    async (name, all) => {
      const { caFile } = stage.leash;
      for (const variable of all) {
        const env = { ...stage.proxyEnv, [variable]: caFile };
        expect({ variable, arrives: await arrives(name, env) }).toEqual({
          variable,
          arrives: true,
        });
      }
      const others = TRUST.filter((variable) => !all.includes(variable));
      const env = Object.fromEntries(others.map((variable) => [variable, caFile]));
      expect(await arrives(name, { ...stage.proxyEnv, ...env })).toBe(false);
    },
  );
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

/** Which of the two proxy variables it reads in upper case. */
const upperCase: readonly (readonly [ClientName, readonly Scheme[]])[] = [
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
    '%s reads these in upper case, the rest in lower case: %j',
    async (name, all) => {
      const { proxyUrl } = stage.leash;
      const upper = { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl };
      expect(await proxied(name, ['http', 'https'], upper)).toEqual(all);
      const rest = (['http', 'https'] as const).filter((scheme) => !all.includes(scheme));
      const lower = { http_proxy: proxyUrl, https_proxy: proxyUrl };
      expect(await proxied(name, rest, lower)).toEqual(rest);
    },
  );
});

type Scheme = 'http' | 'https';

/**
 * For which of these schemes the client goes to leash. By address, so that one that does not asks no
 * name server; Go, which never goes to a proxy then, is not in the table.
 */
async function proxied(
  name: ClientName,
  schemes: readonly Scheme[],
  variables: Readonly<Record<string, string>>,
): Promise<Scheme[]> {
  const found: Scheme[] = [];
  for (const scheme of schemes) {
    const { port } = scheme === 'http' ? stage.plain : stage.origin;
    // The last record of an earlier client's tunnel may come now.
    const earlier = new Set((await stage.leash.records()).map(({ id }) => id));
    await runOnce(stage, name, `${scheme}://127.0.0.1:${port}`, variables);
    const records = await stage.leash.records();
    if (records.some((record) => record.port === port && !earlier.has(record.id))) {
      found.push(scheme);
    }
  }
  return found;
}
