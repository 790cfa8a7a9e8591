// What agents do with git: a real fetch by the real program, one after the other while the fleet runs.
// One at a time: a git for each agent would be a benchmark of git.

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { run } from '../../test/support/run-client.ts';
import { Distribution, type Numbers } from '../openloop/distribution.ts';
import { prose } from '../openloop/prose.ts';

const FILES = 40;
const FILE_BYTES = 4096;
const PAUSE_MS = 2000;
const FETCH_MS = 30_000;

/** A repository of some files below `dir`, which the origin serves as `/git/sample.git`. */
export async function makeRepository(dir: string): Promise<void> {
  const work = join(dir, 'work');
  await mkdir(work, { recursive: true });
  for (let n = 0; n < FILES; n += 1) {
    await writeFile(join(work, `file-${n}.txt`), prose(FILE_BYTES, n + 10));
  }
  const author = ['-c', 'user.name=Agent', '-c', 'user.email=agent@example.test'];
  await git(dir, 'init', '--quiet', '--initial-branch=main', work);
  await git(dir, '-C', work, 'add', '.');
  await git(dir, '-C', work, ...author, 'commit', '--quiet', '--message=Sample');
  await git(dir, 'clone', '--quiet', '--bare', work, join(dir, 'git', 'sample.git'));
}

export type FetchOptions = {
  readonly originPort: number;
  /** Null: straight to the origin. */
  readonly proxyPort: number | null;
  /** Whose certificates git accepts. */
  readonly caFile: string;
  readonly dir: string;
};

/** Goes on until it is stopped: `gitFetches`, `gitFailures`, `gitP50Ms`. */
export function keepFetching(options: FetchOptions): { stop(): Promise<Numbers> } {
  const times = new Distribution();
  const over = new AbortController();
  let failures = 0;
  const fetching = (async () => {
    while (!over.signal.aborted) {
      const startMs = performance.now();
      const problem = await fetchOnce(options).catch((error: Error) => error.message);
      if (problem === null) times.add(performance.now() - startMs);
      else failures += 1;
      if (problem !== null && failures === 1) process.stderr.write(`bench: git: ${problem}\n`);
      await pause(PAUSE_MS, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  return {
    async stop() {
      over.abort();
      await fetching;
      return { gitFetches: times.count, gitFailures: failures, gitP50Ms: times.atMs(50) };
    },
  };
}

/** Into a repository that has nothing yet. Null, or what went wrong. */
async function fetchOnce({ originPort, proxyPort, caFile, dir }: FetchOptions) {
  const into = await mkdtemp(join(dir, 'fetch-'));
  await git(dir, 'init', '--quiet', into);
  const url = `https://localhost:${originPort}/git/sample.git`;
  const proxy = proxyPort === null ? '' : `http://127.0.0.1:${proxyPort}`;
  const { code, stderr } = await run('git', ['-C', into, 'fetch', '--quiet', url, 'main'], {
    env: { ...environment(dir), GIT_SSL_CAINFO: caFile, https_proxy: proxy },
    timeoutMs: FETCH_MS,
  });
  return code === 0 ? null : stderr.trim();
}

async function git(dir: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run('git', args, { env: environment(dir) });
  if (code !== 0) throw new Error(`git ended with ${code}: ${stderr}`);
}

/** Nobody's own settings. */
function environment(dir: string): Record<string, string> {
  return { HOME: dir, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };
}
