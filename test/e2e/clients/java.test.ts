// Java's HttpClient through leash, where there is a JDK: setup.sh installs none.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf } from '../../support/clients/hash.ts';
import { buildJava, HAS_JDK, javaClient } from '../../support/clients/java.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { deterministicBytes } from '../../support/origin-routes.ts';
import type { RunResult } from '../../support/run-client.ts';

const BODY = Buffer.concat([...deterministicBytes(300_000)]);

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
    trust = await buildJava(stage);
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
  return stage.client('java', [...options, ...javaClient(stage, url)], { input: BODY });
}
