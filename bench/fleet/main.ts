// npm run bench:fleet: agents as they really are, straight to an origin and through leash: prompts with
// answers that come token by token, tool calls, git. Wiring: what is started, and that nothing is left.

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/support/source-tree.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { endChildrenAtExit } from '../children.ts';
import { type Cleanup, undo } from '../cleanup.ts';
import { machine } from '../machine.ts';
import type { Numbers } from '../openloop/distribution.ts';
import { EVENT_BYTES } from '../openloop/event-stream.ts';
import { directOf } from '../openloop/latency.ts';
import { startStreamOrigin } from '../openloop/start-stream-origin.ts';
import type { Target } from '../openloop/tunnel.ts';
import { ORIGIN_HOST } from '../origin.ts';
import { startLeashProgram } from '../programs/leash.ts';
import { findFailures, formatFleet } from './fleet-report.ts';
import { keepFetching, makeRepository } from './git-fetch.ts';
import { readLogFigures } from './log-figures.ts';
import { FLEET_USAGE, type FleetOptions, parseFleetOptions, WHOLE_FLEET } from './options.ts';
import { type FleetRun, runFleet } from './run-fleet.ts';

/** So that some segments are finished, and compressed, while it runs. */
const ROTATE_MB = '4';

/** Exit code: 0 all is well · 1 something failed or got lost · 2 bad option · 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(`${FLEET_USAGE}\n`);
  const cores = availableParallelism();
  const options = parseFleetOptions(args, cores);
  if ('problem' in options) {
    process.stderr.write(`bench: ${options.problem}\n${FLEET_USAGE}\n`);
    return 2;
  }
  endChildrenAtExit();
  const folder = await tempDir();
  const cleanup: Cleanup = [folder.close];
  let undone: Promise<void> | null = null;
  const undoOnce = () => {
    undone ??= undo(cleanup);
    return undone;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void undoOnce().finally(() => process.exit(130)));
  }
  try {
    return await run(options, folder.path, cleanup);
  } finally {
    await undoOnce();
  }
}

async function run(options: FleetOptions, folder: string, cleanup: Cleanup): Promise<number> {
  const setting = {
    ...machine(),
    ...options,
  };
  say(`${Object.entries(setting).map(words).join(' · ')}\n`);
  const { agents } = options;
  if (agents < WHOLE_FLEET) say(`${agents} agents of a fleet of ${WHOLE_FLEET}, same shape\n`);
  const origin = await startStreamOrigin(await mkdtemp(join(folder, 'origin-')));
  cleanup.push(origin.stop);
  const originDir = join(origin.caFile, '..');
  await makeRepository(originDir);
  const dir = await mkdtemp(join(folder, 'leash-'));
  const proxy = await startLeashProgram(
    { origin, dir, buffering: false },
    { LEASH_ROTATE_MB: ROTATE_MB },
  );
  cleanup.push(proxy.stop);
  const originPort = origin.httpsPort;
  const target = { port: proxy.port, isReverse: false, originPort, host: ORIGIN_HOST };
  say('straight to the origin ...\n');
  const direct = await withGit(options, directOf(target), null, origin.caFile, folder);
  say('through leash ...\n');
  const caFile = join(dir, 'state', 'ca.pem');
  const leash = await withGit(options, target, proxy.pid, caFile, folder);
  cleanup.pop();
  await proxy.stop();
  const log = await readLogFigures(join(dir, 'logs', 'egress.jsonl'), leash.window);
  const hours = (leash.window.to - leash.window.from) / 3600;
  const received = (leash.numbers.eventsReceived ?? 0) * EVENT_BYTES;
  const numbers = {
    direct: direct.numbers,
    leash: leash.numbers,
    log: {
      ...log,
      mbPerAgentHour: log.windowBytes / 1e6 / options.agents / hours,
      eventBytesMissing: received - Math.min(log.eventBytes, log.eventBytesRecorded),
    },
  };
  say(`\n${formatFleet(numbers)}\n`);
  const failures = findFailures(numbers);
  for (const failure of failures) say(`failed: ${failure}\n`);
  const path = join(ROOT, 'data/bench', `fleet-${Date.now()}.json`);
  await mkdir(join(ROOT, 'data/bench'), { recursive: true });
  await writeFile(path, `${JSON.stringify({ setting, ...numbers, failures }, null, 2)}\n`);
  say(`${path}\n`);
  return failures.length === 0 ? 0 : 1;
}

async function withGit(
  options: FleetOptions,
  target: Target,
  pid: number | null,
  caFile: string,
  folder: string,
): Promise<FleetRun> {
  const dir = await mkdtemp(join(folder, 'git-'));
  const proxyPort = target.isReverse ? null : target.port;
  const git = keepFetching({ originPort: target.originPort, proxyPort, caFile, dir });
  let fetched: Numbers = {};
  try {
    const { numbers, window } = await runFleet(target, options, pid);
    fetched = await git.stop();
    return { window, numbers: { ...numbers, ...fetched } };
  } finally {
    await git.stop();
  }
}

function words([name, value]: readonly [string, unknown]): string {
  return `${name} ${value}`;
}

function say(text: string): 0 {
  process.stdout.write(text);
  return 0;
}
