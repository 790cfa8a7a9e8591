// The clients that speak HTTP/2 where they are let: what they see, what leash speaks to the origin,
// and what the record says, at an origin of each version.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf } from '../../support/clients/hash.ts';
import { buildJava, HAS_JDK, javaClient } from '../../support/clients/java.ts';
import { needPrograms } from '../../support/clients/need-programs.ts';
import { buildGo } from '../../support/clients/one-request.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { deterministicBytes } from '../../support/origin-routes.ts';

/** Several of a stream's windows, so that both sides have to ask for more. */
const BODY = Buffer.concat([...deterministicBytes(3_000_000)]);
const HASH = hashOf(BODY);

describe.each([
  { speaks: 'HTTP/2', http2: true, upstream: { httpVersion: '2.0' } },
  { speaks: 'HTTP/1.1 only', http2: false, upstream: { httpVersion: '1.1' } },
])('at an origin that speaks $speaks', ({ http2, upstream }) => {
  let stage: Stage;
  let goClient: string;
  let javaTrust: readonly string[] = [];

  beforeAll(async () => {
    needPrograms({ curl: 'curl', go: 'golang-go' });
    stage = await startStage({ http2 });
    goClient = await buildGo(stage);
    if (HAS_JDK) javaTrust = await buildJava(stage);
  });
  afterAll(() => stage.close());

  async function expectHttp2(url: string, method = 'POST'): Promise<void> {
    expect(await stage.outcome(url)).toMatchObject({
      event: 'allowed',
      method,
      status: 200,
      proto: 'h2',
      req_bytes: BODY.length,
      req_sha256: HASH,
      bytes: BODY.length,
      res_sha256: HASH,
      ...(http2 ? {} : { upstream_proto: 'h1' }),
    });
    const seen = stage.origin.requests.find((request) => url.endsWith(request.url));
    expect(seen).toMatchObject({ ...upstream, bytes: BODY.length, sha256: HASH });
  }

  it('curl posts over HTTP/2', async () => {
    const url = `${stage.url}/echo?by=curl`;
    const env = { ...stage.proxyEnv, CURL_CA_BUNDLE: stage.leash.caFile };
    const args = [
      '-sS',
      '--fail',
      '--http2',
      '--data-binary',
      '@-',
      '-w',
      '%{stderr}%{http_version}',
    ];
    const { output, stderr } = await stage.client('curl', [...args, url], { env, input: BODY });
    expect(stderr).toBe('2');
    expect(output.equals(BODY)).toBe(true);
    await expectHttp2(url);
  });

  it('Go posts over HTTP/2 without being asked to', async () => {
    const url = `${stage.url}/echo?by=go`;
    const env = { ...stage.proxyEnv, SSL_CERT_FILE: stage.leash.caFile };
    const { output, stderr } = await stage.client(goClient, [url], { env, input: BODY });
    expect(stderr).toBe('HTTP/2.0');
    expect(output.equals(BODY)).toBe(true);
    await expectHttp2(url);
  });

  if (HAS_JDK) {
    it('Java posts over HTTP/2 without being asked to', async () => {
      const url = `${stage.url}/echo?by=java`;
      const args = [...javaTrust, ...javaClient(stage, url)];
      const { output, stderr } = await stage.client('java', args, { input: BODY });
      expect(stderr).toBe('HTTP_2');
      expect(output.equals(BODY)).toBe(true);
      await expectHttp2(url);
    });
  }
});
