// setup.sh up to the point where leash starts: what it says, what it makes, and what it leaves
// alone. A setting that does not exist ends leash's start, after the folders were made.

import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAgents, parseMode, parseNetwork, parseRules } from '../../src/shared/policy-file.ts';
import { EMPTY_POLICY } from '../../src/shared/policy-source.ts';
import { copyCheckout } from '../support/checkout.ts';
import { type RunResult, run } from '../support/run-client.ts';
import { ROOT } from '../support/source-tree.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const POLICY_FILES = ['agents.yaml', 'blocklist.yaml', 'enforce.yaml', 'mode', 'network.yaml'];
/** A copy is built by its first `run`. */
const BUILD_MS = 90_000;

let temp: TempDir;
let checkout: string;

beforeAll(async () => {
  temp = await tempDir();
  checkout = join(temp.path, 'a check out');
  await copyCheckout(checkout);
});
afterAll(() => temp.close());

describe('words', () => {
  it('help names every verb', async () => {
    const { code, stdout, stderr } = await setup(['help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const verb of ['install', 'back', 'uninstall', 'run', 'test', 'build', 'bench', 'help']) {
      expect(stdout).toMatch(new RegExp(`^  ${verb} +\\w`, 'm'));
    }
  });

  it.each([
    { what: 'an unknown verb', args: ['start'], says: 'unknown verb "start"' },
    { what: 'an argument that run does not take', args: ['run', '-d'], says: '"run" takes no' },
  ])('$what is one line on stderr and exit code 2', async ({ args, says }) => {
    const { code, stdout, stderr } = await setup(args);
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({
      code: 2,
      stdout: '',
      lines: 2,
    });
    expect(stderr).toContain(says);
    expect(stderr).toContain('verbs: install, uninstall, back, run, test, build, bench, help');
  });

  it.each([
    { args: [], verb: 'install' },
    { args: ['install', '--native'], verb: 'install' },
    { args: ['uninstall', '--purge'], verb: 'uninstall' },
    { args: ['back'], verb: 'back' },
  ])('$args as a user is one line that says to be root', async ({ args, verb }) => {
    const path = await programs({ id: 'echo 1000' });
    const { code, stdout, stderr } = await setup(args, { PATH: path });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^setup.sh: "${verb}" .*run it as root, .*\\n$`));
  });

  it.each([
    { args: ['install', '--fast'], says: '"install" does not know "--fast"' },
    { args: ['install', '--import-ca'], says: '--import-ca takes a value' },
    { args: ['install', '--import-ca', '--native'], says: '--import-ca takes a value' },
    { args: ['install', '--route-agents', 'agents'], says: '--route-agents takes a network' },
    { args: ['uninstall', '--all'], says: '"uninstall" does not know "--all"' },
    { args: ['back', '2'], says: '"back" takes' },
  ])('$args is a usage error before anything is done', async ({ args, says }) => {
    const { code, stdout, stderr } = await setup(args, {
      PATH: await programs({ id: 'echo 1000' }),
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
  });
});

describe('Node.js', () => {
  it.each(['v18.20.4', 'v20.18.3', 'v0.10.48', 'garbage'])(
    'a node that says %s is refused with one line that says what to install',
    async (version) => {
      const path = await programs({ node: `echo ${version}`, npm: 'exit 99' });
      for (const verb of ['run', 'build', 'bench']) {
        const { code, stdout, stderr } = await setup([verb], { PATH: path });
        expect({ verb, code, stdout }).toEqual({ verb, code: 1, stdout: '' });
        expect(stderr).toMatch(/^setup\.sh: leash needs Node\.js 20\.19 or later, found .*\n$/);
        expect(stderr).toContain(version);
        expect(stderr).toContain('install Node 22 LTS, see https://nodejs.org/en/download');
      }
    },
  );

  it.each(['v20.19.0', 'v22.1.0', 'v100.0.0'])('a node that says %s is taken', async (version) => {
    const path = await programs({ node: `echo ${version}` });
    const { code, stderr } = await setup(['build'], { PATH: path });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('needs npm') });
  });

  it('no node at all is the same line', async () => {
    const { code, stderr } = await setup(['run'], { PATH: await programs({}) });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^setup\.sh: leash needs Node\.js .*, and there is none: install .*\n$/);
  });

  it('test that cannot begin counts as one failure in its last line', async () => {
    const path = await programs({ node: 'echo v18.20.4' });
    const { code, stdout } = await setup(['test'], { PATH: path });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '0 passed, 1 failed\n' });
  });
});

describe('starter policy', () => {
  it.each([
    ['the files as they are', (text: string) => text],
    ['the examples in their comments', exampleOf],
  ])('%s are what the parser takes', async (_what, select) => {
    const read = async (name: string) =>
      select(await readFile(join(ROOT, 'config/policy', name), 'utf8'));
    const texts = {
      enforce: parseRules('enforce.yaml', await read('enforce.yaml')),
      block: parseRules('blocklist.yaml', await read('blocklist.yaml')),
      agents: parseAgents(await read('agents.yaml')),
      network: parseNetwork(await read('network.yaml')),
    };
    const isExample = select === exampleOf;
    expect(texts).toEqual({
      enforce: isExample ? rules('github.com', 'api.example.com', 'git.corp.example.com') : [],
      block: isExample ? rules('pastebin.com', 'api.example.com') : [],
      agents: isExample
        ? {
            agentNetworks: ['10.20.0.0/16'],
            agents: [
              { name: 'builder', networks: ['10.20.1.0/24'], tokenSha256: '' },
              { name: 'deployer', networks: [], tokenSha256: expect.stringMatching(/^2bb80d/) },
            ],
            requireIdentity: true,
          }
        : { agentNetworks: [], agents: [], requireIdentity: false },
      network: isExample
        ? {
            allowPrivate: ['10.30.0.5/32:443', '[fd00:1::/64]:443'],
            deny: ['203.0.113.0/24'],
            nat64: ['2001:db8:64::/96'],
            passthrough: ['updates.example.com'],
            opaque: ['git.example.com:22'],
            direct: ['*.corp.example.com'],
          }
        : EMPTY_POLICY.network,
    });
  });

  it('has all five files, in mode audit', async () => {
    const files = await readdir(join(ROOT, 'config/policy'));
    expect(files.sort()).toEqual(POLICY_FILES);
    const mode = await readFile(join(ROOT, 'config/policy/mode'), 'utf8');
    expect(parseMode(mode)).toBe('audit');
  });
});

describe('folders', () => {
  it(
    'the first run builds, makes the folders and the policy, and says that it is mode audit',
    async () => {
      const { code, stdout, stderr } = await setup(['run'], { LEASH_NO_SUCH_THING: '1' });
      // The exit code is leash's own.
      expect(stderr).toContain('LEASH_NO_SUCH_THING is not a setting');
      expect(code).toBe(2);
      expect(stdout).toContain('npm run build');
      expect(stdout).toMatch(/starter policy in .*: mode audit, no rule blocks anything/);
      expect(await policyFiles()).toEqual(POLICY_FILES);
      expect(await rightsOf('state')).toBe('700');
      expect(await rightsOf('logs')).toBe('750');
    },
    BUILD_MS,
  );

  it('the second run builds nothing, and a policy that is there stays as it is', async () => {
    const mode = join(checkout, 'data/policy/mode');
    await writeFile(mode, 'enforce\n');
    const { code, stdout } = await setup(['run'], { LEASH_NO_SUCH_THING: '1' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readFile(mode, 'utf8')).toBe('enforce\n');
  });

  it('a policy folder with any file of a policy gets no other one: without mode leash enforces', async () => {
    const data = join(temp.path, 'other', 'data');
    await copyOf('other');
    await mkdir(join(data, 'policy'), { recursive: true });
    await writeFile(join(data, 'policy', 'network.yaml'), 'deny: []\n');
    const { code, stdout } = await setup(['run'], { LEASH_NO_SUCH_THING: '1' }, 'other');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(join(data, 'policy'))).toEqual(['network.yaml']);
  });

  it('folders that the environment names are left alone, and ./data gets none of them', async () => {
    const own = join(temp.path, 'own');
    await copyOf('named');
    const env = {
      LEASH_DIR: join(own, 'policy'),
      LOG_PATH: join(own, 'logs/egress.jsonl'),
      LEASH_STATE_DIR: join(own, 'state'),
      LEASH_NO_SUCH_THING: '1',
    };
    const { code, stdout } = await setup(['run'], env, 'named');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(existsSync(own)).toBe(false);
    expect(await readdir(join(temp.path, 'named', 'data'))).toEqual(['leashctl']);
  });

  it('a source that changed after the build is built again', async () => {
    await copyOf('changed');
    await writeFile(join(temp.path, 'changed', 'src/shared/later.ts'), 'not TypeScript at all');
    const { code, stderr } = await setup(['run'], {}, 'changed');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('build failed') });
  });
});

/** From another folder than the checkout's, as the first of its duties is to find itself. */
function setup(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  copy = 'a check out',
): Promise<RunResult> {
  const script = join(temp.path, copy, 'setup.sh');
  return run(script, args, { env, cwd: '/', timeoutMs: BUILD_MS });
}

/** A further copy, built as the first one is, without its data. */
async function copyOf(name: string): Promise<void> {
  const dir = join(temp.path, name);
  await run('cp', ['-a', checkout, dir]);
  await rm(join(dir, 'data'), { recursive: true });
}

/** A PATH with what setup.sh needs of the system, and these shell scripts. */
async function programs(scripts: Readonly<Record<string, string>>): Promise<string> {
  const dir = join(temp.path, `bin-${Object.values(scripts).join('-').replaceAll(' ', '-')}`);
  await mkdir(dir, { recursive: true });
  for (const name of ['bash', 'dirname', 'readlink', 'mktemp', 'rm']) {
    const { stdout } = await run('sh', ['-c', `command -v ${name}`]);
    await symlink(stdout.trim(), join(dir, name)).catch(() => {});
  }
  for (const [name, body] of Object.entries(scripts)) {
    await writeFile(join(dir, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(dir, name), 0o755);
  }
  return dir;
}

/** The YAML that stands indented in the comments of a starter file. */
function exampleOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => /^# {3}(\w+:| )/.test(line))
    .map((line) => line.slice(4))
    .join('\n');
}

function rules(...hosts: readonly string[]): unknown[] {
  return hosts.map((host) => expect.objectContaining({ host }));
}

async function policyFiles(): Promise<string[]> {
  return (await readdir(join(checkout, 'data/policy'))).sort();
}

async function rightsOf(folder: string): Promise<string> {
  return ((await stat(join(checkout, 'data', folder))).mode & 0o777).toString(8);
}
