// Runs the driver of the log, with or without strace around it, and opens what it left with the real
// recovery. strace makes calls on the log's files fail or kills the driver at one of them; all other
// files are left alone.

import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogChecker } from '../../src/primary/archive/log-check.ts';
import { inspectSegment } from '../../src/primary/archive/segment-task.ts';
import { openCheckpointKey } from '../../src/primary/log/checkpoint-key.ts';
import { recoverLog } from '../../src/primary/log/log-recovery.ts';
import { openLog } from '../support/open-log.ts';
import { clientEnv, type RunResult, run } from '../support/run-client.ts';

const DRIVER = fileURLToPath(new URL('./log-driver.mjs', import.meta.url));

export type DriveOptions = {
  readonly logPath: string;
  readonly rotateBytes: number;
  readonly audit: 'accepted' | 'durable';
  readonly bursts: number;
  readonly perBurst: number;
  /** Of each record beyond what all of them have. */
  readonly bytes: number;
  readonly giveUpMs: number;
  /** By how much the clock jumps before each burst. */
  readonly stepMs?: readonly number[];
  /** How long it is silent after each burst, and after the last one before it closes. */
  readonly pauseMs?: number;
  readonly lastPauseMs?: number;
  /** It takes the limit on the size of files away when it was hit, and goes on. */
  readonly lifts?: boolean;
};

export type Drive = {
  readonly result: RunResult;
  /** Ids that were acknowledged, in order. */
  readonly acked: readonly string[];
  /** What strace wrote; empty without it. */
  readonly trace: string;
  /** Calls that strace changed. */
  readonly hits: number;
};

/** `strace`: its options for calls and injections; `wrap`: another program in front, with options. */
export async function driveLog(
  options: DriveOptions,
  { strace, wrap = [] }: { strace?: readonly string[]; wrap?: readonly string[] } = {},
): Promise<Drive> {
  const traceFile = join(tmpdir(), `leash-trace-${randomUUID()}`);
  const node = [
    process.execPath,
    DRIVER,
    JSON.stringify({ ...options, stateDir: stateDirOf(options.logPath) }),
  ];
  // The kernel then stops the driver at the traced calls only; strace 6.1 injects no signal that way.
  const filter = strace?.some((option) => option.includes('signal=')) ? [] : ['--seccomp-bpf'];
  const tracer = ['strace', '-f', '-qq', ...filter, '-o', traceFile, ...(strace ?? [])];
  const [command = '', ...args] = [...wrap, ...(strace === undefined ? [] : tracer), ...node];
  // One thread: strace counts calls by thread, and a sync is a call of any of them.
  const env = clientEnv({ UV_THREADPOOL_SIZE: '1' });
  const result = await run(command, args, { env, timeoutMs: 60_000 });
  const trace = await readFile(traceFile, 'latin1').catch(() => '');
  await rm(traceFile, { force: true });
  const acked = [...result.stdout.matchAll(/^ack (\S+)$/gm)].map(([, id]) => String(id));
  return { result, acked, trace, hits: trace.split('(INJECTED)').length - 1 };
}

/** Where the driver keeps its key: not among the files whose calls fail. */
function stateDirOf(logPath: string): string {
  return `${dirname(logPath)}-state`;
}

/** Names that the log gives its files; strace compares whole paths. */
export function pathFilters(logPath: string, segments = 24): string[] {
  const dir = dirname(logPath);
  const numbers = Array.from({ length: segments }, (_, index) => index + 1);
  const names = numbers.flatMap((number) =>
    ['', '.broken'].map((end) => `egress.${number}.jsonl${end}`),
  );
  const others = ['egress.jsonl', 'egress.jsonl.next', 'egress.reserve'];
  const paths = [dir, ...[...names, ...others].map((name) => join(dir, name))];
  return paths.flatMap((path) => ['-P', path]);
}

/** Opens the log as a start does, adds one record, closes: the clean start after the accident. */
export async function recoverFolder(logPath: string, rotateBytes: number): Promise<void> {
  let fatal: Error | null = null;
  const signer = await openCheckpointKey(stateDirOf(logPath));
  const recovered = recoverLog({ logPath, rotateBytes, key: signer.key });
  const fail = (error: Error) => {
    fatal = error;
  };
  const log = openLog(logPath, { rotateBytes, signer, recovered, onHealth() {}, onFatal: fail });
  // What a start looks at in the background, in front of the last checkpoint and in older segments.
  const checker = createLogChecker({
    ...{ logPath, recovered, log },
    pool: { inspect: async (path) => inspectSegment(path) },
    onChange() {},
    onProblem() {},
  });
  await checker.walkAll();
  log.note('start', { version: 'test' });
  await log.close();
  if (fatal !== null) throw fatal;
}
