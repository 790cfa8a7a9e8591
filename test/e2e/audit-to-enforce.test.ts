// The whole way from audit to enforce with a leash that runs: what agents do is recorded, `leashctl suggest`
// makes a list of it, `leashctl replay` says that nothing flips, and in force it lets the same pass, and no more.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HardenSite, startHardenSite } from '../support/harden-site.ts';
import { run } from '../support/run-client.ts';

const LEASHCTL = fileURLToPath(new URL('../../dist/viewer/cli/leashctl.js', import.meta.url));

let site: HardenSite;
beforeAll(async () => {
  site = await startHardenSite();
});
afterAll(() => site.close());

function leashctl(...args: string[]) {
  const { policyDir, stateDir, logPath } = site.leash;
  const env = { LEASH_DIR: policyDir, LEASH_STATE_DIR: stateDir, LOG_PATH: logPath };
  return run(process.execPath, [LEASHCTL, ...args], { env, timeoutMs: 60_000 });
}

it('what passed in audit mode passes under the suggested list in enforce mode, and what is like none of it does not', async () => {
  const asked: readonly (readonly [agent: string, url: string, ...args: string[]])[] = [
    ['builder', site.urlOf('api.shop.test', '/v1/orders/123456')],
    ['builder', site.urlOf('api.shop.test', '/v1/orders/123457?full=1')],
    ['tester', site.urlOf('api.shop.test', '/v1/orders/1'), '-X', 'PUT', '-d', 'x'],
    ['tester', site.urlOf('cdn.shop.test', '/@scope%2fname')],
  ];
  for (const each of asked) expect(await site.ask(...each)).toBe('200');
  // A client that trusts nobody: all there is of it is a tunnel.
  const proxy = site.leash.proxyUrl.replace('http://', 'http://tester:secret-tester@');
  await run('curl', ['-s', '--proxy', proxy, site.urlOf('other.test', '/')]);
  await site.leash.waitForRecords(
    (record) => record.host === 'other.test' && record.event === 'error',
  );

  const suggested = await leashctl('suggest', '--since', '1h');
  expect(suggested.code).toBe(0);
  const list = join(site.leash.dir, 'suggested.yaml');
  await writeFile(list, suggested.stdout);
  const before = await leashctl('replay', '--policy', list, '--since', '1h');
  expect(before.stdout).toContain('\n0 newly blocked, ');
  expect(before.code).toBe(0);

  await writeFile(join(site.leash.policyDir, 'enforce.yaml'), suggested.stdout);
  expect((await leashctl('mode', 'enforce')).code).toBe(0);
  for (const each of asked) expect(await site.ask(...each)).toBe('200');
  const like = site.urlOf('api.shop.test', '/v1/orders/99');
  expect(await site.ask('builder', like)).toBe('200');
  expect(await site.ask('builder', like, '-X', 'DELETE')).toBe('403');
  expect(await site.ask('builder', site.urlOf('api.shop.test', '/v2/'))).toBe('403');
  expect(await site.ask('builder', site.urlOf('cdn.shop.test', '/@scope%2fname'))).toBe('000');
  const after = await leashctl('replay', '--json');
  expect(JSON.parse(after.stdout)).toMatchObject({ newly_blocked: 0, newly_allowed: 0 });
});
