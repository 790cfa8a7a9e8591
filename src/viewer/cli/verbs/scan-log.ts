// What `leashctl suggest` and `leashctl replay` have in common: the window, the policy of now, and the log
// read on all cores, with progress for whoever watches.

import { dirname } from 'node:path';
import type { PolicySource } from '../../../shared/policy-source.ts';
import { parseTime } from '../../../shared/query.ts';
import { visibleText } from '../../../shared/visible-text.ts';
import type { Purpose } from '../../replay/log-scan.ts';
import { plainText } from '../../replay/plain-text.ts';
import { folderPolicy, type PolicyFound } from '../../replay/policies.ts';
import { type LogRead, readLog } from '../../replay/read-log.ts';
import { startScanPool } from '../../replay/scan-pool.ts';
import { eraseProgress, formatProgress } from '../../verify/progress-bar.ts';
import { type Call, EXIT, hasCode, type Option, optionValue } from '../table/verb.ts';

/** Of both verbs. */
export const SINCE_OPTION: Option = {
  name: '--since',
  value: 'TIME',
  help: 'records from this time on: 7d, 12h, 2026-01-31, a time with its zone; absent: all',
};

/** What a person can read. */
const SHOW_MS = 200;

/** What is to be read, or the exit code of what has been said to be wrong. */
export async function windowOf(
  call: Call,
  { verb, nowMs }: { readonly verb: string; readonly nowMs: number },
): Promise<{ readonly sinceS: number; readonly present: Known } | { readonly exit: number }> {
  const { config, io } = call;
  const since = optionValue(call, '--since');
  const sinceS = since === undefined ? 0 : parseTime(since, nowMs / 1000);
  if (sinceS === null) {
    const got = plainText(JSON.stringify(since));
    io.err(`leashctl: ${verb} --since takes a time like 7d or 2026-01-31, got ${got}`);
    return { exit: EXIT.usage };
  }
  const present = await folderPolicy(config.policyDir);
  if (!('problem' in present)) return { sinceS, present };
  io.err(
    `leashctl: what is in force is not known, mend it first: ${visibleLines(present.problem)}`,
  );
  return { exit: EXIT.invalid };
}

/** What is wrong with files, a line each: they may be of anybody. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visibleText).join('\n');
}

/** A policy that could be read, or that there is none. */
export type Known = Exclude<PolicyFound, { readonly problem: string }>;

/** Reads the window; or says what is wrong and gives the exit code. */
export async function scanLog(
  { config, io, json }: Call,
  setup: {
    readonly purpose: Purpose;
    readonly present: PolicySource | null;
    readonly sinceS: number;
    readonly nowMs: number;
  },
): Promise<{ readonly read: LogRead } | { readonly exit: number }> {
  const progress = new BigInt64Array(new SharedArrayBuffer(8));
  let totalBytes = 0;
  const startedMs = performance.now();
  const terminal = json ? undefined : io.terminal;
  const show = () => {
    const doneBytes = Number(Atomics.load(progress, 0));
    const elapsedMs = performance.now() - startedMs;
    const { columns = 80 } = terminal ?? {};
    const color = !io.env.NO_COLOR;
    terminal?.write(formatProgress({ doneBytes, totalBytes, elapsedMs, columns, color }));
  };
  const timer = terminal === undefined ? null : setInterval(show, SHOW_MS);
  const pool = startScanPool();
  try {
    const read = await readLog({
      logPath: config.logPath,
      setup: { ...setup, isProxied: config.upstreamProxy !== 'none' },
      pool,
      progress,
      onTotal: (bytes) => {
        totalBytes = bytes;
      },
    });
    if (read.segments > 0) return { read };
    io.err(`leashctl: there is no log in ${dirname(config.logPath)} (LOG_PATH says where)`);
    return { exit: EXIT.unreachable };
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM')) throw error;
    io.err(`leashctl: the log in ${dirname(config.logPath)} cannot be read: not permitted`);
    return { exit: EXIT.denied };
  } finally {
    if (timer !== null) {
      clearInterval(timer);
      terminal?.write(eraseProgress());
    }
    await pool.close();
  }
}
