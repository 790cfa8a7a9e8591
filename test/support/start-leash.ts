// Runs the built program as an operator does: a process of its own, an environment, a few files.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-port.ts';
import { type LogRecord, readRecords } from './leash-records.ts';
import { childrenOf } from './process-tree.ts';
import { clientEnv, type RunResult, run } from './run-client.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/primary/main.js', import.meta.url));
const VERIFIER = fileURLToPath(new URL('../../docs/verify.py', import.meta.url));

/** Longer than the ten seconds that leash drains for. */
const STOP_MS = 15_000;

/** File name → text, or a value that is written as JSON (which is YAML too). */
export type PolicyFiles = Readonly<Record<string, unknown>>;

export type LeashOptions = {
  /** Absent: mode audit, no lists, loopback may be dialled. `{}`: an empty folder. */
  readonly policy?: PolicyFiles;
  readonly workers?: number;
  /** Over the environment made here. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of an earlier start, which is then not removed: for restarts. */
  readonly dir?: string;
  readonly readyMs?: number;
  /** `listening`: for a leash that is not ready, because it has no policy. */
  readonly until?: 'ready' | 'listening';
};

export type Leash = {
  readonly proxyUrl: string;
  readonly proxyPort: number;
  readonly viewerUrl: string;
  readonly caFile: string;
  readonly dir: string;
  readonly policyDir: string;
  readonly stateDir: string;
  readonly logPath: string;
  readonly pid: number;
  workerPids(): number[];
  viewerPids(): number[];
  stdout(): string;
  stderr(): string;
  /** All records so far; each was checked against the schema. */
  records(): Promise<LogRecord[]>;
  /** The first record that fits, now or within the time. */
  waitForRecords(fits: (record: LogRecord) => boolean, timeoutMs?: number): Promise<LogRecord>;
  /** The independent verifier on the folder of the log. */
  verifyChain(): Promise<RunResult>;
  /** Replaces policy files in one rename each. */
  writePolicy(files: PolicyFiles): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process has ended. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, after 15 s SIGKILL; gives the exit code (null: a signal ended it). Keeps the folder. */
  stop(): Promise<number | null>;
  /** `stop()`, and the folder is removed unless it was given. */
  close(): Promise<void>;
};

/** What loopback tests need: leash itself dials public addresses only. */
export const LOOPBACK_POLICY: PolicyFiles = {
  mode: 'audit\n',
  'network.yaml': { allow_private: ['127.0.0.0/8'] },
};

/** Starts leash and waits until /readyz says so (or at least answers); throws with its stderr where it ends before. */
export async function startLeash(options: LeashOptions = {}): Promise<Leash> {
  if (!existsSync(PROGRAM)) {
    throw new Error('Cannot start leash: dist/primary/main.js is missing; run `npm run build`');
  }
  const temp = options.dir === undefined ? await tempDir() : null;
  const dir = options.dir ?? temp?.path ?? '';
  const policyDir = join(dir, 'policy');
  const [proxyPort = 0, viewerPort = 0] = await freePorts(2);
  const env = {
    LEASH_DIR: policyDir,
    LOG_PATH: join(dir, 'logs', 'egress.jsonl'),
    LEASH_STATE_DIR: join(dir, 'state'),
    LEASH_PROXY_PORT: String(proxyPort),
    PORT: String(viewerPort),
    LEASH_BIND: '127.0.0.1',
    LEASH_VIEWER_BIND: '127.0.0.1',
    LEASH_WORKERS: String(options.workers ?? 1),
    ...options.env,
  };
  await writeFiles(policyDir, options.policy ?? (temp === null ? {} : LOOPBACK_POLICY));

  const child = spawn(process.execPath, [PROGRAM], {
    env: clientEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const viewerUrl = `http://127.0.0.1:${env.PORT}`;
  const stop = () => stopProcess(child, ended);
  try {
    await ready({
      child,
      viewerUrl,
      stderr,
      statuses: options.until === 'listening' ? [200, 503] : [200],
      timeoutMs: options.readyMs ?? 20_000,
    });
  } catch (error) {
    await stop();
    await temp?.close();
    throw error;
  }
  const pidsOf = (entry: string) =>
    childrenOf(child.pid ?? 0)
      .filter(({ command }) => command.includes(entry))
      .map(({ pid }) => pid);

  return {
    proxyUrl: `http://127.0.0.1:${env.LEASH_PROXY_PORT}`,
    proxyPort: Number(env.LEASH_PROXY_PORT),
    viewerUrl,
    caFile: join(env.LEASH_STATE_DIR, 'ca.pem'),
    dir,
    policyDir: env.LEASH_DIR,
    stateDir: env.LEASH_STATE_DIR,
    logPath: env.LOG_PATH,
    pid: child.pid ?? 0,
    workerPids: () => pidsOf('worker/main.js'),
    viewerPids: () => pidsOf('viewer/main.js'),
    stdout,
    stderr,
    records: () => readRecords(env.LOG_PATH),
    waitForRecords: (fits, timeoutMs = 5_000) =>
      waitFor(async () => (await readRecords(env.LOG_PATH)).find(fits), {
        what: `a record that fits ${fits}`,
        timeoutMs,
      }),
    verifyChain: () => run('python3', [VERIFIER, dirname(env.LOG_PATH)]),
    writePolicy: (files) => writeFiles(env.LEASH_DIR, files),
    signal: (name) => void child.kill(name),
    ended,
    stop,
    async close() {
      await stop();
      await temp?.close();
    },
  };
}

type Starting = {
  readonly child: ChildProcess;
  readonly viewerUrl: string;
  readonly stderr: () => string;
  readonly statuses: readonly number[];
  readonly timeoutMs: number;
};

async function ready({ child, viewerUrl, stderr, statuses, timeoutMs }: Starting): Promise<void> {
  let answer = 'no answer';
  const probe = async () => {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`leash ended with ${child.exitCode ?? child.signalCode}:\n${stderr()}`);
    }
    const response = await fetch(`${viewerUrl}/readyz`).catch(() => null);
    if (response === null) return false;
    answer = `${response.status} ${await response.text()}`;
    return statuses.includes(response.status);
  };
  await waitFor(probe, { what: 'leash to be ready', timeoutMs }).catch((error: Error) => {
    throw new Error(`${error.message}; /readyz: ${answer}; stderr:\n${stderr()}`);
  });
}

async function stopProcess(
  child: ChildProcess,
  ended: Promise<number | null>,
): Promise<number | null> {
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  const code = await ended;
  clearTimeout(timer);
  return code;
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk) => {
    text += String(chunk);
  });
  return () => text;
}

async function writeFiles(dir: string, files: PolicyFiles): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const temporary = join(dir, `.${name}.tmp`);
    await writeFile(temporary, typeof content === 'string' ? content : JSON.stringify(content));
    await rename(temporary, join(dir, name));
  }
}
