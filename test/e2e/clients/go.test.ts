// Go's net/http through leash, by the variables alone.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashOf } from '../../support/clients/hash.ts';
import { needPrograms } from '../../support/clients/need-programs.ts';
import { buildGo } from '../../support/clients/one-request.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { deterministicBytes } from '../../support/origin-routes.ts';
import type { RunResult } from '../../support/run-client.ts';

const BODY = Buffer.concat([...deterministicBytes(300_000)]);

let stage: Stage;
let program: string;

beforeAll(async () => {
  needPrograms({ go: 'golang-go' });
  stage = await startStage();
  program = await buildGo(stage);
});
afterAll(() => stage.close());

function go(url: string, variables: Readonly<Record<string, string>>): Promise<RunResult> {
  return stage.client(program, [url], { env: { ...stage.proxyEnv, ...variables }, input: BODY });
}

it('Go posts over https with the proxy variables and SSL_CERT_FILE', async () => {
  const url = `${stage.url}/echo?by=go`;
  const { output } = await go(url, { SSL_CERT_FILE: stage.leash.caFile });
  expect(output.equals(BODY)).toBe(true);
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

it('Go posts over http with the proxy variables', async () => {
  const url = `${stage.plainUrl}/echo?by=go`;
  expect((await go(url, {})).output.equals(BODY)).toBe(true);
  expect(await stage.outcome(url)).toMatchObject({ host: 'plain.test', req_sha256: hashOf(BODY) });
});

it('Go goes around the proxy where the URL names this machine', async () => {
  const url = `http://127.0.0.1:${stage.plain.port}/echo?by=go-around`;
  expect((await go(url, {})).output.equals(BODY)).toBe(true);
  expect(stage.plain.requests.at(-1)?.url).toBe('/echo?by=go-around');
  const records = await stage.leash.records();
  expect(records.filter((record) => record.url?.includes('go-around'))).toEqual([]);
});
