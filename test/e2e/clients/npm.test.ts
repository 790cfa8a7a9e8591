// npm through leash: a package and what it needs, from a registry on this machine.

import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashOfFile } from '../../support/clients/hash.ts';
import {
  ADVISORIES,
  makeNpmPackages,
  type NpmPackage,
  npmEnv,
  npmRoutes,
} from '../../support/clients/npm-registry.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';
import { joinBytes } from '../../support/leash-records.ts';

let stage: Stage;
let packages: NpmPackage[];

beforeAll(async () => {
  stage = await startStage({ handler: npmRoutes });
  packages = await makeNpmPackages(stage);
});
afterAll(() => stage.close());

it.each([
  {
    how: 'HTTPS_PROXY and NODE_EXTRA_CA_CERTS',
    env: () => ({ ...stage.proxyEnv, NODE_EXTRA_CA_CERTS: stage.leash.caFile }),
    options: () => [],
  },
  {
    how: 'its own settings https-proxy and cafile',
    env: () => ({}),
    options: () => [`--https-proxy=${stage.leash.proxyUrl}`, `--cafile=${stage.leash.caFile}`],
  },
])('npm install takes a package and what it needs, with $how', async ({ how, env, options }) => {
  await stage.mark();
  const cwd = join(stage.dir, how);
  await mkdir(cwd);
  await rm(join(stage.home, 'npm-cache'), { recursive: true, force: true });
  const args = ['install', 'leash-wanted', '--audit', '--no-update-notifier', ...options()];
  await stage.client('npm', args, { cwd, env: { ...npmEnv(stage), ...env() }, timeoutMs: 60_000 });

  const lock = JSON.parse(await readFile(join(cwd, 'package-lock.json'), 'utf8'));
  for (const { name, tarball } of packages) {
    const installed = join(cwd, 'node_modules', name, 'data.bin');
    expect(await hashOfFile(installed)).toBe(
      await hashOfFile(join(stage.dir, 'sources', name, 'data.bin')),
    );
    expect(lock.packages[`node_modules/${name}`].integrity).toMatch(/^sha512-/);

    expect(await stage.outcome(`${stage.url}/${name}`)).toMatchObject({
      method: 'GET',
      status: 200,
    });
    const url = `${stage.url}/${name}/-/${name}-1.0.0.tgz`;
    const { size } = await stat(tarball);
    expect(await stage.outcome(url)).toMatchObject({
      event: 'allowed',
      status: 200,
      bytes: size,
      res_sha256: await hashOfFile(tarball),
    });
  }

  expect(await stage.hosts()).toEqual(['origin.test']);
  // What it installed goes to the registry, too; the record knows what was said.
  const audit = await stage.outcome(`${stage.url}${ADVISORIES}`);
  expect(audit).toMatchObject({ method: 'POST', status: 200 });
  const copy = joinBytes(await stage.leash.records(), audit, 'req');
  const sent = audit.req_decoded === 'gzip' ? copy : gunzipSync(copy);
  expect(JSON.parse(sent.toString())).toEqual({
    'leash-needed': ['1.0.0'],
    'leash-wanted': ['1.0.0'],
  });
});
