// Python through leash: urllib of the standard library, and requests, by the variables alone.

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashOf } from '../../support/clients/hash.ts';
import { needPrograms, SYSTEM_PYTHON } from '../../support/clients/need-programs.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { deterministicBytes } from '../../support/origin-routes.ts';

const SCRIPT = fileURLToPath(new URL('../../support/clients/fetch-env.py', import.meta.url));
const REQUESTS = '/usr/lib/python3/dist-packages/requests';
const BODY = Buffer.concat([...deterministicBytes(300_000)]);

let stage: Stage;

beforeAll(async () => {
  needPrograms({ [SYSTEM_PYTHON]: 'python3', [REQUESTS]: 'python3-requests' });
  stage = await startStage();
});
afterAll(() => stage.close());

async function python(
  kind: string,
  url: string,
  trust: Readonly<Record<string, string>>,
): Promise<Buffer> {
  const env = { ...stage.proxyEnv, ...trust };
  const { output } = await stage.client(SYSTEM_PYTHON, [SCRIPT, kind, url], { env, input: BODY });
  return output;
}

it.each([
  { kind: 'urllib', variable: 'SSL_CERT_FILE' },
  { kind: 'requests', variable: 'REQUESTS_CA_BUNDLE' },
  { kind: 'requests', variable: 'CURL_CA_BUNDLE' },
])('$kind posts over https with the proxy variables and $variable', async ({ kind, variable }) => {
  const url = `${stage.url}/echo?python=${kind}-${variable}`;
  expect((await python(kind, url, { [variable]: stage.leash.caFile })).equals(BODY)).toBe(true);
  expect(await stage.outcome(url)).toMatchObject({
    event: 'allowed',
    method: 'POST',
    host: 'origin.test',
    status: 200,
    req_bytes: BODY.length,
    req_sha256: hashOf(BODY),
    bytes: BODY.length,
    res_sha256: hashOf(BODY),
  });
});

it.each(['urllib', 'requests'])('%s posts over http with the proxy variables', async (kind) => {
  const url = `${stage.plainUrl}/echo?python=${kind}`;
  expect((await python(kind, url, {})).equals(BODY)).toBe(true);
  expect(await stage.outcome(url)).toMatchObject({ host: 'plain.test', req_sha256: hashOf(BODY) });
});
