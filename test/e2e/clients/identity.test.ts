// Each client as an agent with a name and a token in the proxy's URL, at a leash that lets nobody
// else pass.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { trustInBrowser } from '../../support/clients/browser-trust.ts';
import { buildJava, HAS_JDK, javaClient } from '../../support/clients/java.ts';
import {
  CLIENTS,
  type ClientName,
  prepareClients,
  runOnce,
} from '../../support/clients/one-request.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { startBrowser } from '../../support/start-browser.ts';

const NAME = 'builder';
const TOKEN = 'a-token-of-this-test';
const NAMES = Object.keys(CLIENTS) as ClientName[];

let stage: Stage;

beforeAll(async () => {
  const agent = { name: NAME, token_sha256: createHash('sha256').update(TOKEN).digest('hex') };
  const agents = { agents: [agent], require_identity: true };
  stage = await startStage({ policy: { 'agents.yaml': agents } });
  await prepareClients(stage);
});
afterAll(() => stage.close());

/** One request of the agent's is on the record, and the server knows nothing of the token. */
async function expectNamed(before: number): Promise<void> {
  await stage.leash.waitForRecords(
    ({ seq, event, agent }) => seq > before && event === 'allowed' && agent === NAME,
  );
  const requests = [...stage.origin.requests, ...stage.plain.requests];
  const names = requests.flatMap(({ rawHeaders }) => rawHeaders.map((text) => text.toLowerCase()));
  expect(names).not.toContain('proxy-authorization');
}

const lastSeq = async () => (await stage.leash.records()).at(-1)?.seq ?? 0;

it.each(NAMES)('%s gives the name and token of the URL', async (name) => {
  const before = await lastSeq();
  const url = `http://${NAME}:${TOKEN}@127.0.0.1:${stage.leash.proxyPort}`;
  const { caFile } = stage.leash;
  // By plain http where the client has no variable that makes it trust the CA.
  const base = name === 'apt' || name === 'wget' ? stage.plainUrl : stage.url;
  await runOnce(stage, name, base, {
    HTTPS_PROXY: url,
    https_proxy: url,
    HTTP_PROXY: url,
    http_proxy: url,
    GIT_SSL_CAINFO: caFile,
    NODE_EXTRA_CA_CERTS: caFile,
    REQUESTS_CA_BUNDLE: caFile,
    SSL_CERT_FILE: caFile,
  });
  await expectNamed(before);
});

it('Chromium gives them where whoever drives it answers for it', async () => {
  const before = await lastSeq();
  await trustInBrowser(stage);
  const proxy = { server: stage.leash.proxyUrl, username: NAME, password: TOKEN };
  const browser = await startBrowser({ proxy, home: stage.home });
  try {
    const tab = await browser.newPage();
    await tab.goto(`${stage.url}/echo`);
  } finally {
    await browser.close();
  }
  await expectNamed(before);
});

if (HAS_JDK) {
  it('Java gives them in a tunnel only where Basic is no longer forbidden there', async () => {
    const before = await lastSeq();
    const trust = await buildJava(stage);
    const client = javaClient(stage, `${stage.url}/echo`, NAME, TOKEN);
    await expect(stage.client('java', [...trust, ...client])).rejects.toThrow('status 407');
    const allowed = '-Djdk.http.auth.tunneling.disabledSchemes=';
    await stage.client('java', [allowed, ...trust, ...client]);
    await expectNamed(before);
  });
}
