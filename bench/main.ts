// npm run bench: leash beside no proxy, Squid and mitmdump, on this machine, one after the other.
// Wiring: what to measure, in which order, and that nothing is left running.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { childrenOf } from '../test/support/process-tree.ts';
import { ROOT } from '../test/support/source-tree.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { measure } from './load.ts';
import { type Options, type Program, parseOptions, type Scenario, USAGE } from './options.ts';
import { type Origin, startOrigin } from './origin.ts';
import { PEERS } from './proxies.ts';
import { formatTable, type Result, writeReport } from './report.ts';

/** What has to be ended and removed, newest last. */
type Cleanup = (() => Promise<void>)[];

type Context = {
  readonly options: Options;
  readonly cleanup: Cleanup;
  /** All files are below it. */
  readonly folder: string;
};

/** Exit code: 0 all was measured · 1 something failed · 2 bad option · 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(`${USAGE}\n`, 0);
  const options = parseOptions(args);
  if ('problem' in options) {
    process.stderr.write(`bench: ${options.problem}\n${USAGE}\n`);
    return 2;
  }
  const folder = await tempDir();
  // A program with a user of its own has to find its folder in this one.
  await chmod(folder.path, 0o711);
  const cleanup: Cleanup = [folder.close];
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupt.abort();
      void undo(cleanup).finally(() => endAtOnce(folder.path));
    });
  }
  try {
    return await run({ options, cleanup, folder: folder.path }, interrupt.signal);
  } finally {
    await undo(cleanup);
  }
}

/** Also what was just about to start has to end with this process, and leave nothing. */
function endAtOnce(folder: string): void {
  for (const { pid } of childrenOf(process.pid)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  process.exit(130);
}

async function run(context: Context, interrupted: AbortSignal): Promise<number> {
  const { options, cleanup, folder } = context;
  const origin = await startOrigin(await mkdtemp(join(folder, 'origin-')));
  cleanup.push(origin.stop);
  const setting = {
    commit: readCommit(),
    node: process.version,
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    origin: origin.name,
    body_bytes: origin.body.length,
    seconds: options.seconds,
    connections: options.connections,
    audit: process.env.LEASH_AUDIT || 'accepted',
  };
  say(`${Object.entries(setting).map(words).join(' · ')}\n`);
  const results: Result[] = [];
  for (const program of options.programs) {
    results.push(...(await measureProgram(program, origin, context)));
    if (interrupted.aborted) return 130;
  }
  const order = options.scenarios;
  results.sort((a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario));
  say(`\n${formatTable(results)}\n`);
  say(`${await writeReport(join(ROOT, 'data', 'bench'), setting, results)}\n`);
  return results.some(hasFailed) ? 1 : 0;
}

/** Starts a program, measures its scenarios, stops it, and asks its log whether all of it is true. */
async function measureProgram(
  program: Program,
  origin: Origin,
  { options, cleanup, folder }: Context,
): Promise<Result[]> {
  const what = PEERS[program].describe();
  const row = (scenario: Scenario, outcome: Result['outcome']): Result => {
    return { scenario, program, what: what ?? '', outcome };
  };
  const all = (outcome: Result['outcome']) =>
    options.scenarios.map((scenario) => row(scenario, outcome));
  if (what === null) return all({ skipped: 'not installed' });
  const results: Result[] = [];
  let sent = 0;
  try {
    const dir = await mkdtemp(join(folder, `${program}-`));
    const proxy = await PEERS[program].start({ origin, dir });
    if (proxy !== null) cleanup.push(proxy.stop);
    for (const scenario of options.scenarios) {
      say(`${scenario} ${program} ...\n`);
      const measured = measure({ scenario, origin, proxy, dir }, options, (count) => {
        sent += count;
      });
      results.push(row(scenario, await measured.catch(problemOf)));
    }
    await proxy?.stop();
    // What failed in the middle has no number of requests that a log could agree with.
    if (!results.some(hasFailed)) await proxy?.check?.(sent);
    return results;
  } catch (error) {
    // Numbers of a program whose log disagrees are no numbers.
    return all(problemOf(error));
  }
}

function problemOf(error: unknown): { readonly problem: string } {
  return { problem: error instanceof Error ? error.message.trim() : String(error) };
}

function hasFailed({ outcome }: Result): boolean {
  return 'problem' in outcome;
}

/** Newest first, each once, and the others also where one fails. */
async function undo(cleanup: Cleanup): Promise<void> {
  for (let step = cleanup.pop(); step !== undefined; step = cleanup.pop()) {
    await step().catch((error: Error) => process.stderr.write(`bench: ${error.message}\n`));
  }
}

function readCommit(): string {
  const { stdout, status } = spawnSync('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'none';
}

function words([name, value]: readonly [string, unknown]): string {
  return `${name} ${value}`;
}

function say(text: string, code = 0): number {
  process.stdout.write(text);
  return code;
}
