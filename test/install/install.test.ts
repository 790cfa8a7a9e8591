// `setup.sh` for real, as root, in fresh roots of Debian 12 and 13: install, serve, run again, upgrade, go
// back, uninstall, take over an original's files, purge. The tests of one root build on each other.

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DebianRoot, openDebianRoot } from '../support/debian-root.ts';
import { ORIGINAL_LOG } from '../support/original-log.ts';

const SETUP = 'cd /usr/src/leash && ./setup.sh';
const SERVE = '/usr/src/leash/test/install/start-unit.sh';
const PROBE = '/opt/leash/node/bin/node /usr/src/leash/test/install/probe.mjs';
/** Every file of the root with its content, but those of the run itself. */
const SNAPSHOT =
  "find / -xdev -path /proc -prune -o -path /tmp -prune -o -type f -printf '%p %m %u %s %T@\\n' | sort";

describe.each([
  { suite: 'bookworm', node: /^v24\./ },
  { suite: 'trixie', node: /^v20\./ },
])('on a fresh Debian $suite', ({ suite, node }) => {
  let root: DebianRoot;
  let fingerprint = '';
  beforeAll(async () => {
    root = await openDebianRoot(suite);
  });
  afterAll(() => root.close());

  /** What a script prints; it must end well. */
  async function ok(script: string, enter = root.sh): Promise<string> {
    const { code, stdout, stderr } = await enter(script);
    expect({ script, code, stderr: code === 0 ? '' : stderr + stdout }).toEqual({
      script,
      code: 0,
      stderr: '',
    });
    return stdout;
  }
  const text = (path: string) => readFile(join(root.changed, path), 'utf8');

  it('--dry-run says what it would do and changes nothing', async () => {
    const before = await ok(SNAPSHOT);
    const said = await ok(`${SETUP} --dry-run`);
    expect(said).toContain('would make user leash-worker');
    expect(said).toContain('would make /etc/leash/mode: enforce');
    expect(said).toMatch(/nothing was changed\n$/);
    expect(await ok(SNAPSHOT)).toBe(before);
  });

  it('installs, with a Node that is new enough, and leaves no npm of apt behind', async () => {
    const said = await ok(`${SETUP} install --native`);
    expect(said).toMatch(/leash \S+ is installed, mode enforce/);
    expect(await ok('/opt/leash/node/bin/node --version')).toMatch(node);
    expect(await ok('dpkg -l | grep -c "^ii  npm " || true')).toBe('0\n');
    expect(await text('etc/leash/mode')).toBe('enforce\n');
  });

  it("the units are what this release's own systemd takes", async () => {
    const units = '/etc/systemd/system/leash.service';
    const said = await ok(`systemd-analyze verify ${units} 2>&1`);
    expect(said).toBe('');
    expect(existsSync(join(root.changed, 'etc/systemd/system/multi-user.target.wants'))).toBe(true);
  });

  it("serves by the unit's own command line, each process as a user of its own", async () => {
    const probe = JSON.parse(await ok(`${SERVE} ${PROBE}`, root.alone));
    expect(probe).toMatchObject({
      before: { status: 403, text: expect.stringContaining('blocked (not_in_allowlist)') },
      added: { status: 200, inForce: true },
      after: { status: 200, text: expect.stringContaining('hello from') },
      withoutToken: 401,
      ready: 200,
      rows: true,
    });
    const { primary, worker, viewer } = probe.processes;
    expect(primary.uid).toBe(0);
    expect(new Set([primary.uid, worker.uid, viewer.uid]).size).toBe(3);
    // Of the primary: CAP_KILL, CAP_SETGID, CAP_SETUID.
    expect([primary, worker, viewer].map((each) => each.capabilities)).toEqual([0xe0, 0, 0]);
    expect([worker.groups, viewer.groups]).toEqual(['', '']);
    fingerprint = await ok('sha256sum </var/lib/leash/ca.pem');
  });

  it('the viewer can change the policy, and not what root runs with', async () => {
    const asViewer = (command: string) =>
      root.sh(`setpriv --reuid leash-viewer --regid leash-viewer --clear-groups ${command}`);
    expect((await asViewer('cp /etc/leash/mode /etc/leash/mode.x')).code).toBe(0);
    expect((await asViewer('mv -f /etc/leash/mode.x /etc/leash/mode')).code).toBe(0);
    for (const command of [
      'cat /etc/default/leash',
      'mv -f /etc/leash/mode /etc/default/leash',
      'rm -f /etc/default/leash',
      'cat /var/lib/leash/private/ca.key',
      'touch /var/log/leash/egress.1.jsonl',
    ]) {
      expect({ command, code: (await asViewer(command)).code }).toEqual({ command, code: 1 });
    }
    const asWorker = 'setpriv --reuid leash-worker --regid leash-worker --clear-groups';
    for (const path of ['/etc/leash', '/var/log/leash', '/var/lib/leash/private']) {
      expect((await root.sh(`${asWorker} ls ${path}`)).code).not.toBe(0);
    }
  });

  it('a second run builds nothing, changes nothing and loses nothing', async () => {
    // The first run after it gives the viewer what root has put in place; the probe did.
    await ok(`echo "LEASH_WORKERS=1" >>/etc/default/leash; echo audit >/etc/leash/mode
      /opt/leash/current/deploy/install/own-files.sh`);
    const files = `${SNAPSHOT} | grep -v -e leash-setup.log -e /opt/leash/shipped`;
    const before = await ok(files);
    const said = await ok(SETUP);
    expect(said).toContain('mode audit');
    expect(said).not.toMatch(/build release|apt-get|make /);
    expect(await ok(files)).toBe(before);
  });

  it('an upgrade keeps what was edited, puts the new file beside it, and `back` goes back', async () => {
    const old = (await ok('readlink /opt/leash/current')).trim();
    await ok(`cd /usr/src/leash && for file in enforce blocklist network; do
      echo '# of a later version' >>config/policy/$file.yaml; done`);
    const enforce = await text('etc/leash/enforce.yaml');
    const said = await ok(SETUP);
    expect(said).toContain('/etc/leash/enforce.yaml stays as it is');
    expect(await text('etc/leash/enforce.yaml')).toBe(enforce);
    expect(await text('etc/leash/enforce.yaml.new')).toContain('of a later version');
    expect(await text('etc/leash/network.yaml')).not.toContain('of a later version');
    // Nobody has edited that one.
    expect(await text('etc/leash/blocklist.yaml')).toContain('of a later version');
    expect(await text('etc/default/leash')).toContain('LEASH_WORKERS=1');
    expect(await ok('readlink /opt/leash/current')).not.toContain(old);
    await ok(`${SETUP} back`);
    expect((await ok('readlink /opt/leash/current')).trim()).toBe(old);
    const { ready } = JSON.parse(await ok(`${SERVE} ${PROBE}`, root.alone));
    expect(ready).toBe(200);
    expect(await ok('sha256sum </var/lib/leash/ca.pem')).toBe(fingerprint);
  });

  it('uninstall keeps record, CA and policy, and nothing else', async () => {
    expect(await ok(`${SETUP} uninstall`)).toContain('its record, CA and policy stay');
    const left = await ok(
      'find / -xdev -path /proc -prune -o -path /usr/src -prune -o -name "*leash*" -print | sort',
    );
    expect(left.trim().split('\n')).toEqual([
      '/etc/default/leash',
      '/etc/leash',
      '/tmp/leash.out',
      '/var/lib/leash',
      '/var/log/leash',
      '/var/log/leash-setup.log',
      '/var/log/leash/leash.lock',
    ]);
    expect(await ok('sha256sum </var/lib/leash/ca.pem')).toBe(fingerprint);
  });

  it("takes over an original's allowlist, mode, log and CA", async () => {
    await ok(`apt-get install -y -q --no-install-recommends openssl >/dev/null
      rm -rf /etc/leash /var/lib/leash /var/log/leash
      mkdir -p /etc/leash /logs && echo audit >/etc/leash/mode
      printf 'allow:\\n  - api.old.test\\n' >/etc/leash/allowlist.yaml
      cd /srv && printf '[req]\\ndistinguished_name=n\\n[n]\\n' >c && openssl req -x509 -nodes -days 30 -config c \\
        -subj /CN=mitmproxy -addext basicConstraints=critical,CA:TRUE -addext subjectKeyIdentifier=hash \\
        -newkey rsa:2048 -keyout key -out cert 2>/dev/null && cat key cert >mitmproxy-ca.pem`);
    await mkdir(join(root.changed, 'logs'), { recursive: true });
    await writeFile(join(root.changed, 'logs/egress.jsonl'), ORIGINAL_LOG);
    const said = await ok(`${SETUP} install --native --import-ca /srv/mitmproxy-ca.pem`);
    const print = await ok('openssl x509 -in /srv/cert -noout -fingerprint -sha256');
    expect(said).toContain(print.trim().replace(/.*=/, ''));
    expect(said).toContain('mode audit');
    expect(await text('etc/leash/enforce.yaml')).toBe('allow:\n  - api.old.test\n');
    expect(existsSync(join(root.changed, 'etc/leash/allowlist.yaml.migrated'))).toBe(true);
    const { old, ready } = JSON.parse(await ok(`${SERVE} ${PROBE}`, root.alone));
    expect({ old, ready }).toEqual({ old: true, ready: 200 });
    expect(await ok('zcat -f /var/log/leash/egress.0.jsonl* | head -c 60')).toBe(
      ORIGINAL_LOG.slice(0, 60),
    );
    expect(await text('logs/egress.jsonl')).toBe(ORIGINAL_LOG);
  });

  it('purge asks, and leaves nothing', async () => {
    const refused = await root.sh(`${SETUP} uninstall --purge </dev/null`);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('give --yes') });
    expect(await ok(`${SETUP} uninstall --purge --yes`)).toContain('with all that it had');
    expect(
      await ok(
        'ls -d /etc/leash /var/lib/leash /var/log/leash /opt/leash 2>/dev/null; getent passwd | grep leash || true',
      ),
    ).toBe('');
  });
});
