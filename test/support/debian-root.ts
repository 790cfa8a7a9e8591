// A Debian of its own in a folder, as debootstrap makes it, and commands in it with mounts and processes
// of their own, which end with the command. Mirror and registry are those of this machine.

import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunResult, run } from './run-client.ts';
import { ROOT } from './source-tree.ts';
import { type TempDir, tempDir } from './temp-dir.ts';

export type DebianRoot = {
  /** What is in it, seen from outside: only what differs from a fresh one. */
  readonly changed: string;
  /** A script of bash in it, with the machine's network. */
  sh(script: string): Promise<RunResult>;
  /** The same with a loopback of its own and no other network: for what listens. */
  alone(script: string): Promise<RunResult>;
  close(): Promise<void>;
};

const MINUTE_MS = 60_000;
/** Where bases are kept between runs; without it each run makes its own. */
const CACHE = process.env.DEBIAN_ROOTS ?? '';
const MACHINE_CA = '/etc/ssl/certs/ca-certificates.crt';

const PREPARE = `
set -eu
ip link set lo up
mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$DIR/up,workdir=$DIR/work" "$DIR/root"
mount -t proc proc "$DIR/root/proc"
mount --rbind /dev "$DIR/root/dev"
mount -t tmpfs tmpfs "$DIR/root/run"
exec chroot "$DIR/root" /usr/bin/env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \\
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
  NPM_CONFIG_REGISTRY="$REGISTRY" NODE_EXTRA_CA_CERTS=/srv/machine-ca.pem NPM_CONFIG_CAFILE=/srv/machine-ca.pem \\
  bash -c "$SCRIPT"
`;

/** A fresh root of a release of Debian (`bookworm`), with this checkout in /usr/src/leash. */
export async function openDebianRoot(suite: string): Promise<DebianRoot> {
  const temp = await tempDir();
  const base = await baseOf(suite, temp);
  const changed = join(temp.path, 'up');
  for (const name of ['up/srv', 'up/etc', 'work', 'root']) {
    await mkdir(join(temp.path, name), { recursive: true });
  }
  await cp('/etc/resolv.conf', join(changed, 'etc/resolv.conf'), { dereference: true });
  if (existsSync(MACHINE_CA))
    await cp(MACHINE_CA, join(changed, 'srv/machine-ca.pem'), { dereference: true });
  await copySources(join(changed, 'usr/src/leash'));
  const registry = (await run('npm', ['config', 'get', 'registry'])).stdout.trim();
  const enter = (spaces: string, script: string) => {
    const env = { BASE: base, DIR: temp.path, REGISTRY: registry, SCRIPT: script };
    // Where this process dies all of it does, and with it every mount.
    const tied = ['--pdeathsig', 'KILL', 'unshare', spaces, '--kill-child'];
    const args = [...tied, '--propagation', 'private', 'bash', '-c', PREPARE];
    return run('setpriv', args, { env, timeoutMs: 30 * MINUTE_MS });
  };
  return {
    changed,
    sh: (script) => enter('-mpf', script),
    alone: (script) => enter('-mpfn', script),
    close: () => temp.close(),
  };
}

async function baseOf(suite: string, temp: TempDir): Promise<string> {
  const base = CACHE === '' ? join(temp.path, 'base') : join(CACHE, `debian-${suite}`);
  if (existsSync(join(base, 'usr/bin/systemd-analyze'))) return base;
  // systemd, for its verifier: nothing of it runs.
  const options = ['--variant=minbase', '--include=systemd'];
  const made = await run('debootstrap', [...options, suite, base, await mirror()], {
    timeoutMs: 20 * MINUTE_MS,
  });
  if (made.code !== 0) throw new Error(`debootstrap ${suite}: ${made.stdout.slice(-500)}`);
  return base;
}

/** The first mirror that apt of this machine names. */
async function mirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const names = (await readdir(folder)).filter((name) => /\.(sources|list)$/.test(name));
  for (const path of [...names.map((name) => join(folder, name)), '/etc/apt/sources.list']) {
    const text = await readFile(path, 'utf8').catch(() => '');
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?) *(https?:\/\/\S*debian\/?)(?:\s|$)/m.exec(text);
    if (found?.[1] !== undefined) return found[1];
  }
  throw new Error('apt of this machine names no mirror of Debian');
}

async function copySources(target: string): Promise<void> {
  const listed = await run('git', ['ls-files', '-z'], { cwd: ROOT });
  const files = listed.stdout
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(ROOT, file)));
  await mkdir(target, { recursive: true });
  const copied = await run('cp', ['-a', '--parents', ...files, target], { cwd: ROOT });
  if (copied.code !== 0) throw new Error(`Cannot copy the checkout: ${copied.stderr}`);
}
