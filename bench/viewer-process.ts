// The built viewer on a log, as a process of its own, and how it is asked.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { peakMemory } from '../test/support/process-memory.ts';
import { ROOT } from '../test/support/source-tree.ts';

export type ViewerProcess = {
  /** Milliseconds until it was so far. */
  readonly indexMs: number;
  /** A request and how long it took. */
  get(path: string): Promise<{ ms: number; json: Record<string, unknown> }>;
  peakBytes(): number;
  stop(): Promise<void>;
};

const MAIN = join(ROOT, 'dist/viewer/main.js');
const POLL_MS = 250;
const LISTEN_POLL_MS = 20;

/** `until`: it has an index of each segment; or it was asked for nothing yet. */
export async function startViewerProcess(
  logDir: string,
  stateDir: string,
  port: number,
  until: 'indexed' | 'listening' = 'indexed',
): Promise<ViewerProcess> {
  await mkdir(join(stateDir, 'run'), { recursive: true });
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      LOG_PATH: join(logDir, 'egress.jsonl'),
      LEASH_STATE_DIR: stateDir,
      LEASH_DIR: join(stateDir, 'policy'),
      LEASH_VIEWER_BIND: '127.0.0.1',
      LEASH_VIEWER_TOKEN: 'off',
      PORT: String(port),
    },
  });
  // It has no channel by which it would end with this process.
  process.once('exit', () => child.kill());
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(130));
  const started = performance.now();
  const get = async (path: string) => {
    const asked = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    const json = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(json)}`);
    return { ms: performance.now() - asked, json };
  };
  try {
    await (until === 'indexed' ? indexed(child, get) : listening(child, get));
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    indexMs: performance.now() - started,
    get,
    peakBytes: () => peakMemory(child.pid ?? 0),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function listening(
  child: ChildProcess,
  get: (path: string) => Promise<unknown>,
): Promise<void> {
  while ((await get('/healthz').catch(() => null)) === null) {
    if (child.exitCode !== null) throw new Error('the viewer ended');
    await pause(LISTEN_POLL_MS);
  }
}

async function indexed(
  child: ChildProcess,
  get: (path: string) => Promise<{ json: Record<string, unknown> }>,
): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('the viewer ended');
    const meta = await get('/api/meta').catch(() => null);
    const index = meta?.json.index as { segments: number; indexed: number } | undefined;
    if (index !== undefined && index.segments > 0 && index.indexed === index.segments) return;
    await pause(POLL_MS);
  }
}
