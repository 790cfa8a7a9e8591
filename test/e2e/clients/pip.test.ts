// pip through leash: a wheel and what it needs, from an index on this machine.

import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileRoutes } from '../../support/clients/file-routes.ts';
import { hashOfFile } from '../../support/clients/hash.ts';
import { needPrograms, SYSTEM_PYTHON } from '../../support/clients/need-programs.ts';
import { makeWheels, type Wheel } from '../../support/clients/pip-index.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';

let stage: Stage;
let wheels: Wheel[];

beforeAll(async () => {
  needPrograms({ [SYSTEM_PYTHON]: 'python3', '/usr/bin/pip3': 'python3-pip' });
  stage = await startStage({ handler: (dir) => fileRoutes(join(dir, 'index')) });
  wheels = await makeWheels(stage);
});
afterAll(() => stage.close());

it.each([
  {
    how: 'HTTPS_PROXY and REQUESTS_CA_BUNDLE',
    env: () => ({ ...stage.proxyEnv, REQUESTS_CA_BUNDLE: stage.leash.caFile }),
    options: () => [],
  },
  {
    how: 'its own options --proxy and --cert',
    env: () => ({}),
    options: () => ['--proxy', stage.leash.proxyUrl, '--cert', stage.leash.caFile],
  },
])('pip install takes a wheel and what it needs, with $how', async ({ how, env, options }) => {
  await stage.mark();
  const target = join(stage.dir, how);
  const index = ['--index-url', `${stage.url}/simple/`, '--no-cache-dir', '--target', target];
  const args = ['-m', 'pip', 'install', ...index, ...options(), 'leash-wanted'];
  // No index, cache or certificate that the machine's own configuration names.
  const own = { PIP_CONFIG_FILE: '/dev/null', ...env() };
  await stage.client(SYSTEM_PYTHON, args, { env: own, timeoutMs: 60_000 });

  for (const { name, file } of wheels) {
    const installed = join(target, name, 'data.bin');
    expect(await hashOfFile(installed)).toBe(
      await hashOfFile(join(stage.dir, 'sources', name, name, 'data.bin')),
    );
    const page = `${stage.url}/simple/${name.replaceAll('_', '-')}/`;
    expect(await stage.outcome(page)).toMatchObject({ method: 'GET', status: 200 });
    expect(await stage.outcome(`${page}${basename(file)}`)).toMatchObject({
      event: 'allowed',
      status: 200,
      bytes: (await stat(file)).size,
      res_sha256: await hashOfFile(file),
    });
  }
  expect(await stage.hosts()).toEqual(['origin.test']);
});
