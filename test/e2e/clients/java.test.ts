// Java's HttpClient through leash, where there is a JDK: setup.sh installs none.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf } from '../../support/clients/hash.ts';
import { hasProgram } from '../../support/clients/need-programs.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { deterministicBytes } from '../../support/origin-routes.ts';
import type { RunResult } from '../../support/run-client.ts';

const SOURCE = fileURLToPath(new URL('../../support/clients/JavaClient.java', import.meta.url));
const BODY = Buffer.concat([...deterministicBytes(300_000)]);
const HAS_JDK = ['java', 'javac', 'keytool'].every(hasProgram);

let stage: Stage;
let trust: string[];

if (HAS_JDK) describe("Java's HttpClient", withJdk);
else {
  it('Java is not tested here: there is no JDK on this machine', () => {
    expect(HAS_JDK).toBe(false);
  });
}

function withJdk(): void {
  beforeAll(async () => {
    stage = await startStage();
    await stage.client('javac', ['-d', stage.dir, SOURCE], { timeoutMs: 50_000 });
    const store = join(stage.dir, 'trust.p12');
    const secret = ['-storetype', 'PKCS12', '-storepass', 'changeit'];
    const ca = ['-alias', 'leash', '-file', stage.leash.caFile];
    const args = ['-importcert', '-noprompt', '-keystore', store, ...secret, ...ca];
    await stage.client('keytool', args, { timeoutMs: 50_000 });
    trust = [`-Djavax.net.ssl.trustStore=${store}`, '-Djavax.net.ssl.trustStorePassword=changeit'];
  });
  afterAll(() => stage.close());

  it('posts over https with a ProxySelector and a trust store that has the CA', async () => {
    const url = `${stage.url}/echo?by=java`;
    expect((await java(url, trust)).output.equals(BODY)).toBe(true);
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

  it('posts over http', async () => {
    const url = `${stage.plainUrl}/echo?by=java`;
    expect((await java(url, [])).output.equals(BODY)).toBe(true);
    const got = { host: 'plain.test', req_sha256: hashOf(BODY) };
    expect(await stage.outcome(url)).toMatchObject(got);
  });
}

function java(url: string, options: readonly string[]): Promise<RunResult> {
  const client = ['-cp', stage.dir, 'JavaClient', url, '127.0.0.1', String(stage.leash.proxyPort)];
  return stage.client('java', [...options, ...client], { input: BODY, timeoutMs: 50_000 });
}
