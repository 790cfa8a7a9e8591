// A fresh Debian in a folder, with the programs of an agent, and commands that run in it. Each command has
// a namespace of mounts of its own, so nothing stays mounted; what it writes goes into a layer of its own.
// It shares the machine's network: leash on loopback is reached, and its name resolves nowhere.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunResult, run } from '../support/run-client.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const PROGRAMS = [
  ...['nodejs', 'npm', 'python3', 'python3-requests', 'python3-pip', 'git', 'curl', 'wget'],
  ...['golang-go', 'default-jdk-headless'],
];

export type FreshRoot = {
  /** A line of sh in there, with no variable but PATH and HOME. */
  sh(line: string, options?: { readonly as?: string; readonly input?: string }): Promise<RunResult>;
  close(): Promise<void>;
};

/**
 * `TRUST_BASE`: a folder with such a Debian, which is then only read; made there where it is missing.
 * The archive is the one that apt of this machine uses.
 */
export async function freshRoot(): Promise<FreshRoot> {
  const temp = await tempDir();
  const base = process.env.TRUST_BASE ?? join(temp.path, 'base');
  const marker = join(base, '.leash-trust-base');
  if ((await run('test', ['-e', marker])).code !== 0) await makeBase(base, marker);
  for (const name of ['upper', 'work', 'root']) await mkdir(join(temp.path, name));
  return {
    sh: (line, options = {}) => inside(temp, base, line, options),
    close: () => temp.close(),
  };
}

async function makeBase(base: string, marker: string): Promise<void> {
  const { stdout } = await run('apt-get', [
    ...['indextargets', '--format', '$(ORIGIN) $(SITE) $(CODENAME) $(COMPONENT)'],
    'Created-By: Packages',
  ]);
  const line = stdout.split('\n').find((text) => /^Debian \S+ [a-z]+ main$/.test(text));
  const [, mirror = '', suite = ''] = line?.split(' ') ?? [];
  if (mirror === '') throw new Error('apt of this machine names no archive of Debian');
  const proxy = (await run('apt-config', ['shell', 'P', 'Acquire::http::Proxy'])).stdout;
  const http_proxy = /^P='(.*)'/.exec(proxy)?.[1] ?? '';
  const options = { timeoutMs: 1_500_000, env: { http_proxy, DEBIAN_FRONTEND: 'noninteractive' } };
  const script = [
    'set -e',
    `debootstrap --variant=minbase --include=ca-certificates ${suite} "$0" ${mirror}`,
    'cp /etc/resolv.conf "$0/etc/resolv.conf"',
    'mount -t proc proc "$0/proc"',
    'mount --bind /dev "$0/dev"',
    `chroot "$0" apt-get -qq install -y --no-install-recommends ${PROGRAMS.join(' ')}`,
    'touch "$1"',
  ].join('\n');
  const made = await run('unshare', ['-m', 'sh', '-c', script, base, marker], options);
  if (made.code !== 0) throw new Error(`debootstrap failed:\n${made.stdout}\n${made.stderr}`);
}

function inside(
  { path }: TempDir,
  base: string,
  line: string,
  { as = 'root', input = '' }: { readonly as?: string; readonly input?: string },
): Promise<RunResult> {
  const home = as === 'root' ? '/root' : `/home/${as}`;
  const script = [
    'set -e',
    'layers=lowerdir=$1,upperdir=$0/upper,workdir=$0/work',
    'mount -t overlay overlay -o "$layers" "$0/root"',
    'mount -t proc proc "$0/root/proc"',
    'mount --bind /dev "$0/root/dev"',
    'mount -t tmpfs tmpfs "$0/root/tmp"',
    `exec chroot --userspec=${as} "$0/root" env -i HOME=${home} PATH=/usr/bin:/bin:/usr/sbin:/sbin sh -c 'cd && eval "$0"' "$2"`,
  ].join('\n');
  const args = ['-m', 'sh', '-c', script, path, base, line];
  return run('unshare', args, { timeoutMs: 240_000, input });
}
