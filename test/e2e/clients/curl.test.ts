// curl through leash: what the variables alone do, both directions, a download that goes on.

import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileRoutes } from '../../support/clients/file-routes.ts';
import { hashOfFile } from '../../support/clients/hash.ts';
import { needPrograms } from '../../support/clients/need-programs.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import type { LogRecord } from '../../support/leash-records.ts';
import { deterministicBytes, hashOfBytes, originRoutes } from '../../support/origin-routes.ts';

const SIZE = 8_000_000;
const HALF = 3_000_001;
const HASH = hashOfBytes(SIZE);

let stage: Stage;
let file: string;

beforeAll(async () => {
  needPrograms({ curl: 'curl' });
  stage = await startStage({
    http2: true,
    handler: (dir) => {
      const files = fileRoutes(dir);
      return (request, response) =>
        (request.method === 'GET' ? files : originRoutes)(request, response);
    },
  });
  file = join(stage.dir, 'file.bin');
  await writeFile(file, deterministicBytes(SIZE));
});
afterAll(() => stage.close());

/** No option about proxy or trust: the variables of the README do it. */
function curl(...args: readonly string[]): Promise<{ stdout: string }> {
  const env = { ...stage.proxyEnv, CURL_CA_BUNDLE: stage.leash.caFile };
  return stage.client('curl', ['-sS', '--fail', ...args], { env });
}

/** HTTP/2 has the names of fields in lower case. */
function headersOf(outcome: LogRecord): [string, string][] {
  return outcome.req_headers.map(([name, value]: string[]) => [name?.toLowerCase(), value]);
}

describe.each([
  { option: '--http1.1', version: '1.1', proto: 'h1' },
  { option: '--http2', version: '2', proto: 'h2' },
])('curl $option', ({ option, version, proto }) => {
  it('downloads with HTTPS_PROXY and CURL_CA_BUNDLE', async () => {
    const url = `${stage.url}/file.bin?curl=get${option}`;
    const target = join(stage.dir, `downloaded${option}`);
    const { stdout } = await curl(option, '-o', target, '-w', '%{http_version}', url);
    expect(stdout).toBe(version);
    expect(await hashOfFile(target)).toBe(HASH);
    expect(await stage.outcome(url)).toMatchObject({
      event: 'allowed',
      method: 'GET',
      host: 'origin.test',
      status: 200,
      proto,
      bytes: SIZE,
      res_sha256: HASH,
    });
  });

  it('uploads a file with PUT, after the 100 that it asks for', async () => {
    const url = `${stage.url}/upload?curl=put${option}`;
    const { stdout } = await curl(option, '-T', file, '-H', 'Expect: 100-continue', url);
    expect(JSON.parse(stdout)).toEqual({ bytes: SIZE, sha256: HASH });
    const outcome = await stage.outcome(url);
    const sent = { method: 'PUT', status: 200, proto, req_bytes: SIZE, req_sha256: HASH };
    expect(outcome).toMatchObject(sent);
    expect(headersOf(outcome)).toContainEqual(['expect', '100-continue']);
  });

  it('goes on with a download that was cut off', async () => {
    const url = `${stage.url}/file.bin?curl=resume${option}`;
    const target = join(stage.dir, `resumed${option}`);
    await curl(option, '-o', target, `${stage.url}/file.bin?curl=first${option}`);
    await truncate(target, HALF);
    await curl(option, '-C', '-', '-o', target, url);
    expect(await hashOfFile(target)).toBe(HASH);
    const outcome = await stage.outcome(url);
    expect(outcome).toMatchObject({ status: 206, proto, bytes: SIZE - HALF });
    expect(headersOf(outcome)).toContainEqual(['range', `bytes=${HALF}-`]);
  });
});

it('curl sends a plain http URL to the proxy', async () => {
  const url = `${stage.plainUrl}/upload?curl=plain`;
  const { stdout } = await curl('-T', file, url);
  expect(JSON.parse(stdout)).toEqual({ bytes: SIZE, sha256: HASH });
  expect(await stage.outcome(url)).toMatchObject({ host: 'plain.test', req_sha256: HASH });
});

it('curl without the CA of leash sends no request, and the record says why', async () => {
  const url = `${stage.url}/echo?curl=untrusting`;
  const env = stage.proxyEnv;
  await expect(stage.client('curl', ['-sS', url], { env })).rejects.toThrow('ended with 60');
  expect(stage.origin.requests.filter((request) => request.url.includes('untrusting'))).toEqual([]);
  const failed = await stage.leash.waitForRecords(({ reason }) => reason?.startsWith('tls_client'));
  expect(failed).toMatchObject({ event: 'error', host: 'origin.test' });
  expect(failed.reason).toContain("does not trust leash's CA");
});
