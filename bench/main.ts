// npm run bench: leash beside Squid, mitmdump, nginx and no proxy, on this machine, in turn.
// Wiring: what to measure, in which order, and that nothing is left running.

import { rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../test/support/source-tree.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { undo } from './cleanup.ts';
import { machine } from './machine.ts';
import { parseOptions, usage } from './options.ts';
import { formatSeconds, secondsOf } from './plan.ts';
import { processTree } from './processes.ts';
import { callerSettings } from './programs/leash.ts';
import { PROGRAMS } from './programs/programs.ts';
import { formatScenario, writeReport } from './report.ts';
import type { Result } from './result.ts';
import { type RunContext, runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const KNOWN = {
  scenarios: SCENARIOS.filter(({ isLong }) => !isLong).map(({ name }) => name),
  long: SCENARIOS.filter(({ isLong }) => isLong).map(({ name }) => name),
  programs: PROGRAMS.filter(({ onlyNamed }) => !onlyNamed).map(({ name }) => name),
  extra: PROGRAMS.filter(({ onlyNamed }) => onlyNamed).map(({ name }) => name),
};

/** Exit code: 0 all was measured · 1 something failed · 2 bad option · 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(`${usage(KNOWN)}\n`, 0);
  const options = parseOptions(args, KNOWN);
  if ('problem' in options) {
    process.stderr.write(`bench: ${options.problem}\n${usage(KNOWN)}\n`);
    return 2;
  }
  const folder = await tempDir();
  // A program with a user of its own has to find its folder in this one.
  await chmod(folder.path, 0o711);
  const cleanup = [folder.close];
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupt.abort();
      void undo(cleanup).finally(() => endAtOnce(folder.path));
    });
  }
  const programs = PROGRAMS.filter(({ name }) => options.programs.includes(name));
  try {
    return await run({
      ...{ options, programs, cleanup, folder: folder.path },
      ...{ interrupted: interrupt.signal, say },
    });
  } finally {
    await undo(cleanup);
  }
}

/** Also what was just about to start has to end with this process, and leave nothing. */
function endAtOnce(folder: string): void {
  for (const pid of processTree(process.pid).slice(1)) endProcess(pid);
  rmSync(folder, { recursive: true, force: true });
  process.exit(130);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with its parent.
  }
}

async function run(context: RunContext): Promise<number> {
  const { options, programs, interrupted } = context;
  const setting = {
    ...machine(),
    rounds: options.rounds,
    seconds: options.seconds,
    connections: options.connections,
    leash: { LEASH_AUDIT: 'accepted', ...callerSettings() },
  };
  say(`${Object.entries(setting).map(words).join(' · ')}\n`);
  const results: Result[] = [];
  const origins: Record<string, string> = {};
  const scenarios = SCENARIOS.filter(({ name }) => options.scenarios.includes(name));
  const secondsFor = (scenario: Scenario) => secondsOf(scenario, programs, options);
  const total = scenarios.reduce((sum, scenario) => sum + secondsFor(scenario), 0);
  say(`about ${formatSeconds(total)} for ${scenarios.length} scenarios\n`);
  for (const scenario of scenarios) {
    say(`\n${scenario.name}: about ${formatSeconds(secondsFor(scenario))}\n`);
    const { originName, results: own } = await runScenario(scenario, context);
    if (interrupted.aborted) return 130;
    origins[scenario.name] = originName;
    results.push(...own);
  }
  const tables = scenarios.map((scenario) => formatScenario(scenario, results));
  say(
    `\n${Object.entries(origins)
      .map(([name, origin]) => `${name}: ${origin}`)
      .join(' · ')}\n`,
  );
  say(`medians of rounds; ratios within a round\n\n${tables.join('\n\n')}\n`);
  const versions = Object.fromEntries(programs.map(({ name, describe }) => [name, describe()]));
  const path = join(ROOT, 'data', 'bench');
  say(`${await writeReport(path, { ...setting, origins, versions }, results)}\n`);
  return results.some(({ outcome }) => 'problem' in outcome) ? 1 : 0;
}

function words([name, value]: readonly [string, unknown]): string {
  return `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`;
}

function say(text: string, code = 0): number {
  process.stdout.write(text);
  return code;
}
