// What else of deploy/ a fresh Debian 13 judges: its Quadlet the units of the containers, its nftables the
// rules for agents, with real packets; and both images, built by this machine's podman from a base that
// debootstrap made, started by their own command lines as their own users.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DebianRoot, openDebianRoot } from '../support/debian-root.ts';
import { run } from '../support/run-client.ts';
import { ROOT } from '../support/source-tree.ts';

const MINUTE_MS = 60_000;
const APT = 'export DEBIAN_FRONTEND=noninteractive; apt-get install -y -q --no-install-recommends';
const SOURCES = '/usr/src/leash';

let root: DebianRoot;
beforeAll(async () => {
  root = await openDebianRoot('trixie');
  await ok(`apt-get update -q && ${APT} podman nftables iproute2 npm`);
});
afterAll(() => root.close());

async function ok(script: string, enter = root.sh): Promise<string> {
  const { code, stdout, stderr } = await enter(script);
  const wrong = code === 0 ? '' : stderr + stdout.slice(-2000);
  expect({ script, code, wrong }).toEqual({ script, code: 0, wrong: '' });
  return stdout;
}

describe('Quadlet', () => {
  it('takes the files, and what it makes of them systemd takes', async () => {
    const made = await ok(`export QUADLET_UNIT_DIRS=${SOURCES}/deploy/quadlet
      /usr/libexec/podman/quadlet -dryrun && mkdir /tmp/units && /usr/libexec/podman/quadlet /tmp/units
      cd /tmp/units && systemd-analyze verify ./leash.service ./leash-viewer.service 2>&1`);
    for (const name of [
      'leash',
      'leash-viewer',
      'leash-network',
      'leash-state-volume',
      'leash-logs-volume',
    ]) {
      expect(made).toContain(`---${name}.service---`);
    }
    expect(made).toContain('--read-only');
    expect(made).toContain('--cap-drop all');
  });

  it('setup.sh takes the way of containers where podman has Quadlet, and says so elsewhere', async () => {
    const dry = `cd ${SOURCES} && ./setup.sh --dry-run`;
    expect(await ok(`mkdir -p /run/systemd/system; ${dry}`)).toContain(
      'would install /etc/containers/systemd/leash.container',
    );
    const native = await ok(`mkdir -p /run/systemd/system; ${dry} --native`);
    expect(native).toContain('would install /etc/systemd/system/leash.service');
    const old = 'podman() { echo podman version 4.3.1; }; export -f podman';
    expect(await ok(`${old}; ${dry}`)).toContain('podman 4.3.1 has no Quadlet');
  });
});

describe('--route-agents', () => {
  it('lets agents reach the proxy port, and neither another one nor a machine behind', async () => {
    const said = await ok(
      `cd ${SOURCES}; SUBNET=10.20.0.0/16; ROOT=$PWD
      . deploy/install/common.sh; . deploy/install/route.sh; umask 022
      route_rules $SUBNET | grep -v icmpv6 >/tmp/rules.nft
      space() { unshare -n sleep 60 & }
      space; agent=$!; space; behind=$!; sleep 0.5
      ip link add va type veth peer name vb netns $agent; ip link add vc type veth peer name vd netns $behind
      ip addr add 10.20.0.1/16 dev va; ip link set va up; ip addr add 10.30.0.1/24 dev vc; ip link set vc up
      in_agent() { nsenter -t $agent -n "$@"; }
      in_agent ip addr add 10.20.0.2/16 dev vb; in_agent ip link set vb up; in_agent ip route add default via 10.20.0.1
      nsenter -t $behind -n sh -c 'ip addr add 10.30.0.2/24 dev vd; ip link set vd up; ip route add default via 10.30.0.1'
      mount -o remount,rw /proc/sys 2>/dev/null; echo 1 >/proc/sys/net/ipv4/ip_forward
      listen='use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die; $s->accept while 1'
      perl -e "$listen" 8080 & perl -e "$listen" 8090 & nsenter -t $behind -n perl -e "$listen" 443 &
      sleep 1
      try() { in_agent timeout 2 bash -c "</dev/tcp/$1/$2" 2>/dev/null && echo "$1:$2 yes" || echo "$1:$2 no"; }
      echo before; try 10.20.0.1 8080; try 10.20.0.1 8090; try 10.30.0.2 443
      nft -f /tmp/rules.nft
      echo after; try 10.20.0.1 8080; try 10.20.0.1 8090; try 10.30.0.2 443
      kill %1 %2 %3 %4 %5`,
      root.alone,
    );
    expect(said.trim().split('\n')).toEqual([
      ...['before', '10.20.0.1:8080 yes', '10.20.0.1:8090 yes', '10.30.0.2:443 yes'],
      ...['after', '10.20.0.1:8080 yes', '10.20.0.1:8090 no', '10.30.0.2:443 no'],
    ]);
  });
});

describe('the images', () => {
  const podman = (...words: string[]) => run('podman', words, { timeoutMs: 20 * MINUTE_MS });
  const BASE = 'localhost/leash-test-base';
  const NAMES = { proxy: 'localhost/leash-test-proxy', viewer: 'localhost/leash-test-viewer' };
  const dangling = async () =>
    (await podman('images', '-q', '-f', 'dangling=true')).stdout.split('\n').filter(Boolean);
  let before: string[];
  beforeAll(async () => {
    before = await dangling();
  });
  afterAll(async () => {
    await podman('image', 'rm', '-f', ...Object.values(NAMES), BASE);
    const left = (await dangling()).filter((id) => !before.includes(id));
    if (left.length > 0) await podman('image', 'rm', '-f', ...left);
  });

  it('build from a base of debootstrap and serve, each as its own user', async () => {
    await ok(`mkdir /srv/node && cd /srv/node && cp ${SOURCES}/deploy/node/package*.json . && npm ci --ignore-scripts --no-audit --no-fund
      cp node_modules/node-linux-*/bin/node /usr/local/bin/node
      cp -a node_modules/npm /usr/local/lib/ && ln -sf ../lib/npm/bin/npm-cli.js /usr/local/bin/npm
      printf 'registry=%s\\ncafile=/srv/machine-ca.pem\\n' "$NPM_CONFIG_REGISTRY" >/root/.npmrc
      tar -C / --one-file-system --exclude=./srv/base.tar --exclude=./srv/node --exclude=./usr/src -cf /srv/base.tar .`);
    const imported = await podman('import', '-q', join(root.changed, 'srv/base.tar'), BASE);
    expect(imported).toMatchObject({ code: 0 });
    for (const [target, name] of Object.entries(NAMES)) {
      const built = await podman(
        ...['build', '--isolation=chroot', '--network=host', '--pull=never', '--format=docker'],
        ...['--ignorefile', join(ROOT, 'deploy/Containerfile.containerignore')],
        ...['-f', join(ROOT, 'deploy/Containerfile'), '--build-arg', `BASE=${BASE}`],
        ...['--target', target, '-t', name, ROOT],
      );
      expect({ code: built.code, said: built.code === 0 ? '' : built.stderr.slice(-2000) }).toEqual(
        {
          code: 0,
          said: '',
        },
      );
    }
    const work = join(root.changed, '..', 'images');
    await mkdir(work);
    const script = join(ROOT, 'test/install/run-images.sh');
    const spaces = ['-mpfn', '--mount-proc', '--kill-child', '--propagation', 'private'];
    const env = { WORK: work, PROXY: NAMES.proxy, VIEWER: NAMES.viewer };
    const ran = await run('unshare', [...spaces, 'bash', script], { env, timeoutMs: MINUTE_MS });
    await writeFile(join(work, 'out'), ran.stdout + ran.stderr);
    expect(ran.stdout).toContain('health of the proxy: 0\nhealth of the viewer: 0\n');
    expect(ran.stdout).toMatch(/workers +(\d+) of \1 listening/);
    expect(ran.stdout).toContain('mode audit is in force');
    expect(ran.stdout).toContain('viewer 10002: EACCES EACCES EROFS EROFS\n');
  });
});
