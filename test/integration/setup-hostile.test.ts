// The parts of setup.sh that work as root in folders that others may write to, or beside what others
// installed: each alone, with the programs of this system.

import { execFileSync } from 'node:child_process';
import { lchown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../support/run-client.ts';
import { ROOT } from '../support/source-tree.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const VIEWER = 10_002;
const GROUP = 10_000;
const isRoot = process.getuid?.() === 0;

let temp: TempDir;
beforeEach(async () => {
  temp = await tempDir();
});
afterEach(() => temp.close());

/** Runs bash behind these parts of the installer, with what setup.sh itself has. */
function bash(parts: readonly string[], script: string, path = '') {
  const own = 'say() { echo "$*"; }; fail() { echo "$*" >&2; exit 1; }; complain() { :; }';
  const sourced = parts.map((part) => `. ${join(ROOT, 'deploy/install', part)}.sh`).join('; ');
  return run('bash', ['-c', `set -euo pipefail; ${own}; ${sourced}; ${script}`], {
    env: path === '' ? {} : { PATH: `${path}:${process.env.PATH}` },
  });
}

async function stub(name: string, text: string): Promise<void> {
  await mkdir(join(temp.path, 'bin'), { recursive: true });
  await writeFile(join(temp.path, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

describe('a policy file that root writes', () => {
  it('does not go where a link leads that was put beside it', async () => {
    const victim = join(temp.path, 'victim');
    await writeFile(victim, 'mine\n');
    const target = join(temp.path, 'mode');
    for (const name of ['mode', 'mode.tmp', 'mode.new', 'mode.new.tmp']) {
      await symlink(victim, join(temp.path, name));
    }
    const source = join(temp.path, 'source');
    await writeFile(source, 'theirs\n');
    const written = await bash(
      ['common', 'policy'],
      `copy_to ${source} ${target}.new 640; write_line enforce ${target}`,
    );
    expect(written).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(victim, 'utf8')).toBe('mine\n');
    expect(await readFile(target, 'utf8')).toBe('enforce\n');
    expect(await readFile(`${target}.new`, 'utf8')).toBe('theirs\n');
    expect((await stat(target)).mode & 0o777).toBe(0o644);
    expect((await stat(`${target}.new`)).mode & 0o777).toBe(0o640);
  });

  it.runIf(isRoot)('is replaced where it is not of root, though it says the same', async () => {
    const [source, target] = [join(temp.path, 'source'), join(temp.path, 'rules.nft')];
    for (const path of [source, target]) await writeFile(path, 'same\n');
    await lchown(target, VIEWER, GROUP);
    const log = `SETUP_LOG=${join(temp.path, 'log')}`;
    const script = (await readFile(join(ROOT, 'deploy/install/common.sh'), 'utf8')).replace(
      /^readonly SETUP_LOG=.*$/m,
      log,
    );
    await writeFile(join(temp.path, 'common.sh'), script);
    const placed = await run('bash', [
      '-c',
      `set -euo pipefail; say() { :; }; . ${join(temp.path, 'common.sh')}; place 644 ${source} ${target}`,
    ]);
    expect(placed).toMatchObject({ code: 0, stderr: '' });
    expect((await stat(target)).uid).toBe(0);
  });
});

/** Whether a folder of mounts of our own may be made here. */
function mayMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('own-files.sh', () => {
  it.runIf(isRoot && mayMount())('is not led astray by a viewer that swaps its files', async () => {
    // At once after root has given the file away, its owner puts a link in its place.
    const swap = 'ln -sfn /etc/secret /etc/leash/enforce.yaml';
    await stub('chown', `/bin/chown "$@"; case "$*" in *enforce.yaml*) ${swap} ;; esac`);
    await stub('chgrp', `/bin/chgrp "$@"; ${swap}`);
    const script = [
      'mount -t tmpfs none /etc',
      'mkdir -p /etc/leash; chmod 755 /etc',
      'echo root:x:0:0::/:/bin/sh >/etc/passwd; echo root:x:0: >/etc/group',
      'umask 077; echo hidden >/etc/secret; echo "allow: []" >/etc/leash/enforce.yaml',
      'echo audit >/etc/leash/mode',
      `PATH=${join(temp.path, 'bin')}:$PATH ${ROOT}/deploy/install/own-files.sh ${VIEWER} ${GROUP} || :`,
      'stat -c "%n %a %u:%g" /etc/leash /etc/secret /etc/leash/mode',
    ].join('\n');
    const { stdout } = await run('unshare', ['-m', 'bash', '-c', script]);
    expect(stdout.trim().split('\n')).toEqual([
      `/etc/leash 1770 0:${GROUP}`,
      '/etc/secret 600 0:0',
      `/etc/leash/mode 640 ${VIEWER}:${GROUP}`,
    ]);
  });
});

describe('packages that were borrowed', () => {
  const installed = 'case "$*" in *npm*|*nginx*|*node-a*) echo "install ok installed" ;; esac';
  const borrow = `borrow_packages npm; touch ${'$'}OPT/between; return_packages`;

  async function borrowed(purgeSays: string): Promise<string> {
    const opt = join(temp.path, 'opt');
    await mkdir(opt);
    await stub('dpkg-query', installed);
    await stub(
      'apt-get',
      `case "$*" in
  *"install -s"*|*"-s"*install*) printf 'Inst npm (9 Debian)\\nInst node-a (1 Debian)\\nInst libc6 [2] (3 Debian)\\n' ;;
  *"purge -s"*) ${purgeSays} ;;
  *) echo "$*" >>${join(temp.path, 'calls')} ;;
esac`,
    );
    const done = await bash(['system'], `OPT=${opt}; ${borrow}`, join(temp.path, 'bin'));
    expect(done).toMatchObject({ code: 0, stderr: '' });
    return readFile(join(temp.path, 'calls'), 'utf8');
  }

  it('go again, and nothing that came otherwise', async () => {
    const calls = await borrowed(`printf 'Purg npm [9]\\nPurg node-a [1]\\n'`);
    expect(calls).toMatch(/^purge .* npm node-a$/m);
    expect(calls).not.toMatch(/nginx|libc6/);
  });

  it('stay where something else needs them by now', async () => {
    const calls = await borrowed(`printf 'Purg nginx [1]\\nPurg npm [9]\\nPurg node-a [1]\\n'`);
    expect(calls).not.toMatch(/purge/);
  });
});
