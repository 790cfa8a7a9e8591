// npm run bench: leash beside no proxy, Squid and mitmdump, on this machine, one after the other.
// Wiring: what to measure, in which order, and that nothing is left running.

import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../test/support/source-tree.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { measure } from './load.ts';
import { type Options, type Program, parseOptions, USAGE } from './options.ts';
import { type Origin, startOrigin } from './origin.ts';
import { type MeasuredProxy, PEERS } from './proxies.ts';
import { formatTable, type Result, writeReport } from './report.ts';

/** What has to be ended and removed, newest last. */
type Cleanup = (() => Promise<void>)[];

/** Exit code: 0 all was measured · 1 something failed · 2 bad option · 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(`${USAGE}\n`, 0);
  const options = parseOptions(args);
  if ('problem' in options) {
    process.stderr.write(`bench: ${options.problem}\n${USAGE}\n`);
    return 2;
  }
  const cleanup: Cleanup = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void undo(cleanup).finally(() => process.exit(130)));
  }
  try {
    return await run(options, cleanup);
  } finally {
    await undo(cleanup);
  }
}

async function run(options: Options, cleanup: Cleanup): Promise<number> {
  const origin = await startOrigin(await ownFolder(cleanup));
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
    results.push(...(await measureProgram(program, { options, origin, cleanup })));
  }
  const order = options.scenarios;
  results.sort((a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario));
  say(`\n${formatTable(results)}\n`);
  say(`${await writeReport(join(ROOT, 'data', 'bench'), setting, results)}\n`);
  return results.some(({ outcome }) => 'problem' in outcome) ? 1 : 0;
}

type Context = {
  readonly options: Options;
  readonly origin: Origin;
  readonly cleanup: Cleanup;
};

/** Starts a program, measures its scenarios, stops it, and asks its log whether all of it is true. */
async function measureProgram(
  program: Program,
  { options, origin, cleanup }: Context,
): Promise<Result[]> {
  const what = PEERS[program].describe();
  const results = new Map<string, Result>();
  const note = (outcome: Result['outcome'], scenarios = options.scenarios) => {
    for (const scenario of scenarios) {
      results.set(scenario, { scenario, program, what: what ?? '', outcome });
    }
  };
  if (what === null) {
    note({ skipped: 'not installed' });
    return [...results.values()];
  }
  let sent = 0;
  let proxy: MeasuredProxy | null = null;
  try {
    const dir = await ownFolder(cleanup);
    proxy = (await PEERS[program].start({ origin, dir })) ?? null;
    if (proxy !== null) cleanup.push(proxy.stop);
    for (const scenario of options.scenarios) {
      say(`${scenario} ${program} ...\n`);
      const target = { scenario, origin, proxy, dir };
      note(await measure(target, options, (count) => (sent += count)), [scenario]);
    }
    await proxy?.stop();
    await proxy?.check?.(sent);
  } catch (error) {
    // Numbers of a program whose log disagrees are no numbers.
    note({ problem: error instanceof Error ? error.message.trim() : String(error) });
    await proxy?.stop().catch(() => {});
  }
  return [...results.values()];
}

async function ownFolder(cleanup: Cleanup): Promise<string> {
  const { path, close } = await tempDir();
  cleanup.push(close);
  return path;
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
