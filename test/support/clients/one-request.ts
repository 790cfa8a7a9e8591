// Each client in its shortest form: one request, and nothing said about proxy or trust. What comes of
// it is what the variables do. Whether the client likes the answer does not matter.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunResult, run } from '../run-client.ts';
import { makeAptConfig } from './apt-archive.ts';
import { needPrograms, SYSTEM_PYTHON } from './need-programs.ts';
import { npmEnv } from './npm-registry.ts';
import type { Stage } from './start-stage.ts';

type Command = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

export type Client = (stage: Stage, base: string) => Command | Promise<Command>;

const PYTHON_SCRIPT = fileURLToPath(new URL('./fetch-env.py', import.meta.url));
const NODE_SCRIPT = fileURLToPath(new URL('./fetch-agent.mjs', import.meta.url));
const GO_SOURCE = fileURLToPath(new URL('./go-client.go', import.meta.url));

/** `base` is the origin's URL without a path. */
export const CLIENTS = {
  apt: aptCommand,
  curl: (_stage, base) => ({ command: 'curl', args: ['-sS', `${base}/echo`] }),
  fetch: (_stage, base) => ({ command: process.execPath, args: [NODE_SCRIPT, `${base}/echo`] }),
  git: (_stage, base) => ({
    command: 'git',
    args: ['ls-remote', `${base}/echo.git`],
    env: { GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
  }),
  go: (stage, base) => ({ command: goProgram(stage), args: [`${base}/echo`] }),
  npm: (stage, base) => ({
    command: 'npm',
    args: ['view', 'echo', '--fetch-retries=0', '--no-update-notifier'],
    env: { ...npmEnv(stage), npm_config_registry: `${base}/` },
  }),
  pip: (_stage, base) => ({
    command: SYSTEM_PYTHON,
    args: ['-m', 'pip', 'download', '--retries=0', `--index-url=${base}/simple/`, 'echo'],
    env: { PIP_CONFIG_FILE: '/dev/null' },
  }),
  requests: (_stage, base) => python('requests', base),
  urllib: (_stage, base) => python('urllib', base),
  wget: (_stage, base) => ({
    command: 'wget',
    args: ['-nv', '--tries=1', '-O', '-', `${base}/echo`],
  }),
} satisfies Record<string, Client>;

export type ClientName = keyof typeof CLIENTS;

/** Throws where a program is missing; builds the one that has to be built. */
export async function prepareClients(stage: Stage): Promise<void> {
  needPrograms({
    'apt-get': 'apt',
    curl: 'curl',
    git: 'git',
    go: 'golang-go',
    wget: 'wget',
    [SYSTEM_PYTHON]: 'python3',
    '/usr/bin/pip3': 'python3-pip',
    '/usr/lib/python3/dist-packages/requests': 'python3-requests',
  });
  await buildGo(stage);
}

/** The client with its own home and these variables only. */
export async function runOnce(
  stage: Stage,
  name: ClientName,
  base: string,
  variables: Readonly<Record<string, string>>,
): Promise<RunResult> {
  const client: Client = CLIENTS[name];
  const { command, args, env } = await client(stage, base);
  return run(command, args, { cwd: stage.dir, env: { HOME: stage.home, ...env, ...variables } });
}

/** Nothing is downloaded, and what is compiled is kept in the stage's folder. */
export async function buildGo(stage: Stage): Promise<string> {
  const program = goProgram(stage);
  const env = { GOCACHE: join(stage.dir, 'go-cache'), GOPROXY: 'off', GOTOOLCHAIN: 'local' };
  await stage.client('go', ['build', '-o', program, GO_SOURCE], { env, timeoutMs: 50_000 });
  return program;
}

function goProgram(stage: Stage): string {
  return join(stage.dir, 'go-client');
}

function python(kind: string, base: string): Command {
  return { command: SYSTEM_PYTHON, args: [PYTHON_SCRIPT, kind, `${base}/echo`] };
}

/** Its configuration is a file, which has no word about proxy and trust either. */
async function aptCommand(stage: Stage, base: string): Promise<Command> {
  const dir = join(stage.dir, 'apt');
  await mkdir(dir, { recursive: true });
  const config = await makeAptConfig(dir, base, ['Acquire::Retries "0";']);
  return { command: 'apt-get', args: ['update'], env: { APT_CONFIG: config } };
}
