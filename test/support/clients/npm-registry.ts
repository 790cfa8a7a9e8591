// What a registry for npm serves: one package, and one that it needs, packed by npm itself.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Handler } from '../origin-routes.ts';
import { fileRoutes } from './file-routes.ts';
import { seededBytes } from './seeded-bytes.ts';
import type { Stage } from './start-stage.ts';

export type NpmPackage = { readonly name: string; readonly tarball: string };

const VERSION = '1.0.0';
/** Of a file in each package, so that a tarball is more than one packet. */
const DATA_BYTES = 300_000;

/** Where npm sends what it installed, to be told of known holes. */
export const ADVISORIES = '/-/npm/v1/security/advisories/bulk';

/** `/name` is the package's metadata, `/name/-/…` its tarball, as on the public registry. */
export function npmRoutes(dir: string): Handler {
  const files = fileRoutes(join(dir, 'registry'));
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://origin');
    if (pathname === ADVISORIES) {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    if (/^\/[\w-]+$/.test(pathname)) request.url = `${pathname}/metadata.json`;
    return files(request, response);
  };
}

/** Makes them in the stage's folder; the first needs the second. */
export async function makeNpmPackages(stage: Stage): Promise<NpmPackage[]> {
  const needed = await makePackage(stage, 'leash-needed', {});
  const wanted = await makePackage(stage, 'leash-wanted', { 'leash-needed': `^${VERSION}` });
  return [wanted, needed];
}

async function makePackage(
  stage: Stage,
  name: string,
  dependencies: Readonly<Record<string, string>>,
): Promise<NpmPackage> {
  const source = join(stage.dir, 'sources', name);
  await mkdir(source, { recursive: true });
  const manifest = { name, version: VERSION, dependencies };
  await writeFile(join(source, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(source, 'data.bin'), seededBytes(name.length, DATA_BYTES));

  const folder = join(stage.dir, 'registry', name);
  await mkdir(join(folder, '-'), { recursive: true });
  const pack = ['pack', '--json', '--pack-destination', join(folder, '-'), source];
  const { stdout } = await stage.client('npm', pack, { env: npmEnv(stage) });
  const [{ filename, integrity, shasum }] = JSON.parse(stdout);
  const dist = { tarball: `${stage.url}/${name}/-/${filename}`, integrity, shasum };
  const metadata = {
    name,
    'dist-tags': { latest: VERSION },
    versions: { [VERSION]: { ...manifest, dist } },
  };
  await writeFile(join(folder, 'metadata.json'), JSON.stringify(metadata));
  return { name, tarball: join(folder, '-', filename) };
}

/** No configuration of the machine, no other registry, no cache of before. */
export function npmEnv(stage: Stage): Record<string, string> {
  return {
    npm_config_registry: `${stage.url}/`,
    npm_config_userconfig: join(stage.home, 'npmrc'),
    npm_config_globalconfig: join(stage.home, 'global-npmrc'),
    npm_config_cache: join(stage.home, 'npm-cache'),
  };
}
