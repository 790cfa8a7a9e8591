// Every script of the shell: clean for shellcheck, and those for agents the same in each shell that agents
// have. trust.sh is run as a user without root, in a home of its own.

import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCa } from '../../src/primary/ca/ca.ts';
import { publishTrust } from '../../src/primary/ca/trust-material.ts';
import { renderTrustFile, type TrustMaterial } from '../../src/shared/trust/trust-files.ts';
import { run } from '../support/run-client.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SKIPPED = new Set(['node_modules', 'dist', 'data', '.git']);
const SHELLS = ['dash', 'bash', 'busybox sh'];
/** A user that owns nothing. */
const NOBODY = 65_534;
const asNobody =
  process.getuid?.() === 0
    ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
    : [];

let temp: TempDir;
let material: TrustMaterial;
beforeAll(async () => {
  temp = await tempDir();
  const stateDir = join(temp.path, 'state');
  material = await publishTrust(stateDir, await openCa({ stateDir, now: Date.now }));
});
afterAll(() => temp.close());

const script = (name: string) => renderTrustFile(name, material, '127.0.0.1:9') ?? '';
const sha = () => material.cas[0]?.sha256 ?? '';

async function shellFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter(({ name }) => !SKIPPED.has(name))
      .map((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return shellFiles(path);
        return entry.name.endsWith('.sh') ? [path] : [];
      }),
  );
  return found.flat();
}

describe('shellcheck', () => {
  it('finds nothing in the scripts of the project', async () => {
    const files = await shellFiles(ROOT);
    expect(files.length).toBeGreaterThan(2);
    expect((await run('shellcheck', files)).stdout).toBe('');
  });

  it.each(['trust.sh', 'doctor.sh', 'env.sh'])(
    'finds nothing in %s as it is handed out',
    async (name) => {
      const checked = await run('shellcheck', ['-s', 'sh', '-'], { input: script(name) });
      expect(checked).toMatchObject({ code: 0, stdout: '' });
    },
  );
});

describe.each(SHELLS)('%s', (shell) => {
  const sh = async (home: string, input: string, ...words: string[]) => {
    const [command = '', ...args] = [...asNobody, ...shell.split(' '), '-s', '--', ...words];
    // Java starts twice in there.
    const options = { input, env: { HOME: home, XDG_CONFIG_HOME: '' }, timeoutMs: 60_000 };
    return run(command, args, options);
  };
  const newHome = async (files: Readonly<Record<string, string>>) => {
    const home = join(temp.path, `home-${shell.replace(' ', '-')}-${Object.keys(files).length}`);
    await mkdir(home, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
    if (asNobody.length > 0) {
      for (const path of [temp.path, home, ...Object.keys(files).map((name) => join(home, name))]) {
        await chown(path, NOBODY, NOBODY);
      }
    }
    return home;
  };

  it('runs trust.sh for a user: what was in his files stays, and comes back whole', async () => {
    const files = {
      '.profile': 'umask 027\n',
      '.bashrc': 'alias ll="ls -l"\n# >>> leash >>>\n',
      '.wgetrc': 'tries = 3\n',
    };
    const home = await newHome(files);
    const text = script('trust.sh');
    const first = await sh(home, text, '--fingerprint', sha());
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const profile = await readFile(join(home, '.profile'), 'utf8');
    expect(profile).toMatch(/^umask 027\n# >>> leash >>>\n.*env\.sh\n# <<< leash <<<\n$/);
    const env = await readFile(join(home, '.config/leash/env.sh'), 'utf8');
    expect(env).toContain("export HTTPS_PROXY='http://127.0.0.1:9'\n");
    expect(env).toContain(`export SSL_CERT_FILE='${home}/.config/leash/ca-bundle.pem'\n`);
    const bundle = await readFile(join(home, '.config/leash/ca-bundle.pem'), 'utf8');
    expect(bundle).toContain(material.cas[0]?.pem);

    const again = await sh(home, text);
    expect(again.stdout).not.toMatch(/^(wrote|changed|imported|removed) /m);
    const sourced = await sh(home, `. ${home}/.profile; . ${home}/.profile; env`);
    expect(sourced.stdout).toContain(`CURL_CA_BUNDLE=${home}/.config/leash/ca-bundle.pem\n`);
    expect(sourced.stderr).toBe('');

    expect(await sh(home, text, '--uninstall')).toMatchObject({ code: 0, stderr: '' });
    for (const [name, before] of Object.entries(files)) {
      expect(await readFile(join(home, name), 'utf8')).toBe(before);
    }
    expect(await readdir(join(home, '.config'))).toEqual([]);
  }, 120_000);

  it.each([
    [['--fingerprint', '00'.repeat(32)], 3],
    [['--fingerprint', 'xyz'], 2],
    [['--proxy', 'http://a:1$(id)'], 2],
    [['--proxy', "http://a:1';id;'"], 2],
    [['--proxy', 'https://a:1'], 2],
    [['--proxy', 'a'], 2],
    [['--proxy'], 2],
    [['--install'], 2],
  ])('ends trust.sh %j with %i, and nothing is changed', async (words, code) => {
    const home = await newHome({});
    expect((await sh(home, script('trust.sh'), ...words)).code).toBe(code);
    expect(await readdir(home)).toEqual([]);
  });

  it('runs trust.sh --dry-run, and changes nothing', async () => {
    const home = await newHome({ '.profile': '' });
    const { code, stdout, stderr } = await sh(home, script('trust.sh'), '--dry-run');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`would write ${home}/.config/leash/env.sh`);
    expect(await readdir(home)).toEqual(['.profile']);
  });

  it('does nothing with a trust.sh that was cut short', async () => {
    const home = await newHome({});
    const text = script('trust.sh');
    for (const part of [0.3, 0.6, 0.9, 0.999]) {
      await sh(home, text.slice(0, Math.floor(text.length * part)));
      expect(await readdir(home)).toEqual([]);
    }
  });

  it('runs nothing that lies in the folder where doctor.sh is run', async () => {
    const evil = 'open("was-run", "w")\n';
    const home = await newHome({ 'urllib.py': evil, 'socket.py': evil, 'requests.py': evil });
    const input = `cd ${home}\n${script('doctor.sh')}`;
    await sh(home, input, '--direct', '127.0.0.1:9', 'python3', 'requests', 'pip');
    expect(await readdir(home)).not.toContain('was-run');
  });

  it('runs doctor.sh, which says what is wrong', async () => {
    const home = await newHome({});
    const env = 'https_proxy=http://127.0.0.1:9; export https_proxy\n';
    const found = await sh(home, env + script('doctor.sh'), 'curl', 'wget');
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/^curl +[0-9.]+ +cannot reach the proxy/m);
    expect(found.stdout).toMatch(/^0 of 2 work$/m);
    expect((await sh(home, script('doctor.sh'), 'nothing')).code).toBe(3);
    expect((await sh(home, script('doctor.sh'), '--wrong')).code).toBe(2);
  });
});
