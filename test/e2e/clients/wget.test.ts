// wget through leash: it reads lower case variables only, and no variable of trust.

import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileRoutes } from '../../support/clients/file-routes.ts';
import { hashOfFile } from '../../support/clients/hash.ts';
import { needPrograms } from '../../support/clients/need-programs.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { deterministicBytes, hashOfBytes, originRoutes } from '../../support/origin-routes.ts';

const SIZE = 8_000_000;
const HALF = 3_000_001;
const HASH = hashOfBytes(SIZE);

let stage: Stage;
let file: string;

beforeAll(async () => {
  needPrograms({ wget: 'wget' });
  stage = await startStage({
    handler: (dir) => {
      const files = fileRoutes(dir);
      return (request, response) =>
        (request.method === 'POST' ? originRoutes : files)(request, response);
    },
  });
  file = join(stage.dir, 'file.bin');
  await writeFile(file, deterministicBytes(SIZE));
});
afterAll(() => stage.close());

function wget(...args: readonly string[]): Promise<{ stdout: string }> {
  const { https_proxy = '', http_proxy = '' } = stage.proxyEnv;
  const trust = ['--ca-certificate', stage.leash.caFile];
  const env = { https_proxy, http_proxy };
  return stage.client('wget', ['-nv', '--tries=1', ...trust, ...args], { env });
}

it('wget downloads with https_proxy and --ca-certificate', async () => {
  const url = `${stage.url}/file.bin?wget=get`;
  const target = join(stage.dir, 'downloaded');
  await wget('-O', target, url);
  expect(await hashOfFile(target)).toBe(HASH);
  expect(await stage.outcome(url)).toMatchObject({
    event: 'allowed',
    method: 'GET',
    host: 'origin.test',
    status: 200,
    bytes: SIZE,
    res_sha256: HASH,
  });
});

it('wget posts a file', async () => {
  const url = `${stage.url}/upload?wget=post`;
  const { stdout } = await wget('--post-file', file, '-O', '-', url);
  expect(JSON.parse(stdout)).toEqual({ bytes: SIZE, sha256: HASH });
  const sent = { method: 'POST', status: 200, req_bytes: SIZE, req_sha256: HASH };
  expect(await stage.outcome(url)).toMatchObject(sent);
});

it('wget -c goes on with a download that was cut off', async () => {
  const url = `${stage.url}/file.bin?wget=resume`;
  const target = join(stage.dir, 'resumed');
  await wget('-O', target, `${stage.url}/file.bin?wget=first`);
  await truncate(target, HALF);
  await wget('-c', '-O', target, url);
  expect(await hashOfFile(target)).toBe(HASH);
  expect(await stage.outcome(url)).toMatchObject({ status: 206, bytes: SIZE - HALF });
});

it('wget sends a plain http URL to the proxy', async () => {
  const url = `${stage.plainUrl}/file.bin?wget=plain`;
  await wget('-O', join(stage.dir, 'plain'), url);
  const got = { host: 'plain.test', bytes: SIZE, res_sha256: HASH };
  expect(await stage.outcome(url)).toMatchObject(got);
});
