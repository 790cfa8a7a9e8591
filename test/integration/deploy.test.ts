// The files of deploy/ and every shell script, against what judges them: shellcheck, systemd, the table
// of settings, and each other.

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseConfig, SETTINGS } from '../../src/shared/config.ts';
import { parseAgents, parseMode, parseNetwork, parseRules } from '../../src/shared/policy-file.ts';
import { run } from '../support/run-client.ts';
import { ROOT } from '../support/source-tree.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const MAX_LINES = 300;
const read = (path: string) => readFile(join(ROOT, path), 'utf8');

let temp: TempDir;
let files: string[];
beforeAll(async () => {
  temp = await tempDir();
  const all = await readdir(ROOT, { recursive: true, withFileTypes: true }).then((entries) =>
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replace(/^\//, '')),
  );
  files = all.filter((path) => !/(^|\/)(node_modules|dist|data|\.git)\//.test(path));
});
afterAll(() => temp.close());
const deployed = () => files.filter((path) => path.startsWith('deploy/'));

describe('shell scripts', () => {
  it('are clean for shellcheck, each alone', async () => {
    const scripts = files.filter((path) => path.endsWith('.sh'));
    expect(scripts).toEqual(expect.arrayContaining(['setup.sh', 'deploy/install/install.sh']));
    const { code, stdout } = await run('shellcheck', scripts, { cwd: ROOT, timeoutMs: 60_000 });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  it(`of setup.sh have ${MAX_LINES} lines at most, and say what they are for`, async () => {
    const parts = files.filter((path) => /^(setup\.sh|deploy\/.*\.(sh|mjs))$/.test(path));
    for (const path of parts) {
      const text = await read(path);
      const lines = text.split('\n');
      expect({ path, isLong: lines.length > MAX_LINES }).toEqual({ path, isLong: false });
      expect(lines.slice(0, 3).join('\n')).toMatch(/^(#|\/\/) (?!shellcheck)\S/m);
    }
  });
});

describe('settings', () => {
  const names = Object.values(SETTINGS).map((setting) => setting.name);

  it('each variable of leash that a file of deploy names exists', async () => {
    for (const path of deployed()) {
      const used = (await read(path)).match(/\b(?:LEASH_[A-Z_]+|LOG_PATH|BODY_LIMIT_KB)\b/g) ?? [];
      // What Kubernetes would inject is named where it is switched off.
      const own = used.filter((name) => !/^LEASH_(PORT|SERVICE_HOST)$/.test(name));
      expect({ path, unknown: own.filter((name) => !names.includes(name)) }).toEqual({
        path,
        unknown: [],
      });
    }
  });

  it('/etc/default/leash as setup.sh writes it is what leash takes', async () => {
    const parts = ['common', 'policy'].map((part) => `. deploy/install/${part}.sh`).join('; ');
    const { stdout } = await run('bash', ['-c', `${parts}; WAY=native; env_template`], {
      cwd: ROOT,
    });
    const env = Object.fromEntries(
      stdout
        .split('\n')
        .filter((line) => /^\w+=/.test(line))
        .map((line) => line.split('=') as [string, string]),
    );
    expect(parseConfig(env, { workers: 1 })).toMatchObject({
      policyDir: '/etc/leash',
      stateDir: '/var/lib/leash',
      logPath: '/var/log/leash/egress.jsonl',
      users: { worker: 'leash-worker', viewer: 'leash-viewer' },
    });
  });
});

describe('units', () => {
  it.runIf(existsSync('/usr/bin/systemd-analyze'))(
    'systemd finds nothing wrong with them',
    async () => {
      for (const path of deployed().filter((name) => name.endsWith('.service'))) {
        // Programs that are there once leash is installed.
        const text = (await read(path)).replace(/(?<==\+?)\/(opt|usr\/sbin)\/\S+/g, '/bin/true');
        const unit = join(temp.path, path.replace(/.*\//, ''));
        await writeFile(unit, text);
        const { code, stdout, stderr } = await run('systemd-analyze', ['verify', unit]);
        expect({ path, code, said: stdout + stderr }).toEqual({ path, code: 0, said: '' });
      }
    },
  );

  it('the rules for agents come back when those of the system are loaded again', async () => {
    const unit = await read('deploy/systemd/leash-route-agents.service');
    for (const word of ['After=.*', 'PartOf=', 'ReloadPropagatedFrom=']) {
      expect(unit).toMatch(new RegExp(`^${word}\\bnftables\\.service$`, 'm'));
    }
    const [, load] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    expect(unit).toContain(`\nExecReload=${load}\n`);
  });

  it('what a unit runs is what a release has', async () => {
    const unit = await read('deploy/systemd/leash.service');
    const inRelease = [...unit.matchAll(/\/opt\/leash\/current\/(\S+)/g)].map(([, path]) => path);
    for (const path of inRelease) {
      const source = path?.replace(/^dist\/(.*)\.js$/, 'src/$1.ts') ?? '';
      expect({ source, exists: existsSync(join(ROOT, source)) }).toEqual({ source, exists: true });
    }
    expect(inRelease.length).toBeGreaterThan(3);
  });
});

describe('containers', () => {
  it('compose and Kubernetes parse, and every container is closed the same way', async () => {
    const compose = parse(await read('deploy/compose.yaml'))[0] as Compose;
    for (const service of Object.values(compose.services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
    const pod = await podOf();
    expect(pod.enableServiceLinks).toBe(false);
    for (const container of [...pod.initContainers, ...pod.containers]) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('proxy and viewer are two users, everywhere the same two', async () => {
    const containerfile = await read('deploy/Containerfile');
    expect(containerfile.match(/^USER .*/gm)).toEqual(['USER 10002:10000', 'USER 10001:10000']);
    const users = (await podOf()).containers.map(({ securityContext }) => securityContext);
    expect(users).toMatchObject([
      { runAsUser: 10001, runAsGroup: 10000 },
      { runAsUser: 10002, runAsGroup: 10000 },
    ]);
  });

  it('the policy of the ConfigMap is what leash takes, in mode enforce', async () => {
    const all = parse(await read('deploy/kubernetes/leash.yaml')) as {
      kind: string;
      data?: Policy;
    }[];
    const data = all.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
    expect(parseMode(data.mode ?? '')).toBe('enforce');
    expect(parseRules('enforce.yaml', data['enforce.yaml'] ?? 'x')).toEqual([]);
    expect(parseRules('blocklist.yaml', data['blocklist.yaml'] ?? 'x')).toEqual([]);
    expect(parseAgents(data['agents.yaml'] ?? 'x')).toMatchObject({ agents: [] });
    expect(parseNetwork(data['network.yaml'] ?? 'x')).toMatchObject({ allowPrivate: [] });
  });

  it('agents reach the proxy port and nothing else', async () => {
    const policies = parse(await read('deploy/kubernetes/network-policy.yaml')) as NetworkPolicy[];
    const agents = policies.find(({ metadata }) => metadata.namespace === 'agents');
    expect(agents?.spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(agents?.spec.egress?.flatMap(({ ports }) => ports)).toEqual([
      { protocol: 'TCP', port: 8080 },
    ]);
  });

  it('what is applied finds its namespace made: kubectl goes from top to bottom', async () => {
    const texts = await Promise.all(
      ['leash.yaml', 'network-policy.yaml'].map((name) => read(`deploy/kubernetes/${name}`)),
    );
    const made = new Set<string | undefined>([undefined]);
    for (const { kind, metadata } of texts.flatMap(parse) as KubernetesObject[]) {
      expect({ kind, ...metadata, isMade: made.has(metadata.namespace) }).toMatchObject({
        isMade: true,
      });
      if (kind === 'Namespace') made.add(metadata.name);
    }
    expect([...made]).toEqual([undefined, 'leash', 'agents']);
  });

  it('the proxy may not write the policy, in no kind of container', async () => {
    const compose = parse(await read('deploy/compose.yaml'))[0] as Compose;
    expect(compose.services.leash).toMatchObject({
      volumes: expect.arrayContaining(['policy:/etc/leash:ro']),
    });
    const quadlet = await read('deploy/quadlet/leash.container');
    expect(quadlet.match(/^Volume=\S+:\/etc\/leash.*/gm)).toEqual([
      'Volume=/etc/leash:/etc/leash:ro,z',
    ]);
    const mounts = (await podOf()).containers.flatMap(({ volumeMounts }) => volumeMounts);
    expect(mounts.filter(({ mountPath }) => mountPath === '/etc/leash')).toMatchObject([
      { readOnly: true },
      { readOnly: true },
    ]);
  });

  it('proxy and viewer of a pod share no folder for temporary files', async () => {
    const folders = (await podOf()).containers.map(
      ({ volumeMounts }) => volumeMounts.find(({ mountPath }) => mountPath === '/tmp')?.name,
    );
    expect(folders).toEqual(['tmp', 'viewer-tmp']);
  });

  it('what the image copies is in the checkout, and not kept out of the build', async () => {
    const text = await read('deploy/Containerfile');
    const sources = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
      ([, words]) => words?.split(' ') ?? [],
    );
    const kept = await read('deploy/Containerfile.containerignore');
    expect(await read('deploy/Containerfile.dockerignore')).toBe(kept);
    for (const source of sources) {
      expect({ source, exists: existsSync(join(ROOT, source)) }).toEqual({ source, exists: true });
      expect(
        kept.split('\n').some((line) => line.startsWith('!') && source.startsWith(line.slice(1))),
      ).toBe(true);
    }
  });
});

describe('check-policy.mjs', () => {
  const SCRIPT = join(ROOT, 'deploy/install/check-policy.mjs');

  it('names file, line and column of each mistake, and is silent where there is none', async () => {
    const good = await run(process.execPath, [SCRIPT, join(ROOT, 'config/policy')]);
    expect(good).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const folder = join(temp.path, 'policy');
    await mkdir(folder);
    await writeFile(join(folder, 'enforce.yaml'), 'allow:\n  - com\n');
    await writeFile(join(folder, 'mode'), 'open\n');
    const bad = await run(process.execPath, [SCRIPT, folder]);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/^\S+\/mode:1:1: .*\n\S+\/enforce\.yaml:2:5: .*\n$/);
  });
});

type Policy = Readonly<Record<string, string>>;
type Compose = { readonly services: Readonly<Record<string, object>> };
type Container = {
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};
type KubernetesObject = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};
type Pod = {
  readonly enableServiceLinks: boolean;
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
};
type NetworkPolicy = {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly policyTypes: readonly string[];
    readonly egress?: readonly { readonly ports: readonly object[] }[];
  };
};

function parse(text: string): unknown[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

async function podOf(): Promise<Pod> {
  const all = parse(await read('deploy/kubernetes/leash.yaml')) as {
    kind: string;
    spec: { template: { spec: Pod } };
  }[];
  const found = all.find(({ kind }) => kind === 'StatefulSet');
  if (found === undefined) throw new Error('There is no StatefulSet');
  return found.spec.template.spec;
}
