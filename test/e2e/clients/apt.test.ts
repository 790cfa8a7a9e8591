// apt through leash, over http in proxy form and over https in a tunnel: an archive on this machine,
// and nothing of the system is read or changed.

import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Deb, makeAptConfig, makeArchive } from '../../support/clients/apt-archive.ts';
import { fileRoutes } from '../../support/clients/file-routes.ts';
import { hashOfFile } from '../../support/clients/hash.ts';
import { needPrograms } from '../../support/clients/need-programs.ts';
import { type Stage, startStage } from '../../support/clients/start-stage.ts';

let stage: Stage;
let debs: Deb[];

beforeAll(async () => {
  needPrograms({ 'apt-get': 'apt', 'dpkg-deb': 'dpkg' });
  stage = await startStage({ handler: (dir) => fileRoutes(join(dir, 'archive')) });
  // More than one, so that apt asks for several at once on one connection.
  debs = await makeArchive(stage, 5);
});
afterAll(() => stage.close());

it.each([
  {
    how: 'http, by Acquire::http::Proxy',
    url: () => stage.plainUrl,
    lines: () => [`Acquire::http::Proxy "${stage.leash.proxyUrl}";`],
    env: () => ({}),
  },
  {
    how: 'https, by Acquire::https::Proxy and CaInfo',
    url: () => stage.url,
    lines: () => [
      `Acquire::https::Proxy "${stage.leash.proxyUrl}";`,
      `Acquire::https::CaInfo "${stage.leash.caFile}";`,
    ],
    env: () => ({}),
  },
  {
    how: 'https, by https_proxy and CaInfo',
    url: () => stage.url,
    lines: () => [`Acquire::https::CaInfo "${stage.leash.caFile}";`],
    env: () => ({ https_proxy: stage.leash.proxyUrl }),
  },
])('apt-get updates and downloads over $how', async ({ how, url, lines, env }) => {
  await stage.mark();
  const dir = join(stage.dir, how);
  await mkdir(dir);
  const own = { APT_CONFIG: await makeAptConfig(dir, url(), lines()), ...env() };
  await stage.client('apt-get', ['update'], { cwd: dir, env: own });
  const names = debs.map(({ name }) => name);
  await stage.client('apt-get', ['download', ...names], { cwd: dir, env: own });

  expect(await stage.outcome(`${url()}/./Packages`)).toMatchObject({ method: 'GET', status: 200 });
  for (const { file } of debs) {
    const hash = await hashOfFile(file);
    expect(await hashOfFile(join(dir, basename(file)))).toBe(hash);
    expect(await stage.outcome(`${url()}/./${basename(file)}`)).toMatchObject({
      event: 'allowed',
      status: 200,
      bytes: (await stat(file)).size,
      res_sha256: hash,
    });
  }
});
