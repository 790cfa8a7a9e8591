// The programs of a benchmark: started, found, measured, ended. Each is ended by its pid.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childrenOf } from '../test/support/process-tree.ts';
import { waitFor } from '../test/support/wait-for.ts';

/** Folders that are not in everybody's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin'];
/** Long enough for a program that writes its last records; then SIGKILL. */
const STOP_MS = 15_000;
/** USER_HZ: what /proc counts in. 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

export type Running = {
  readonly pid: number;
  /** The first line on standard output. */
  firstLine(): Promise<string>;
  stderr(): string;
  isRunning(): boolean;
  stop(): Promise<void>;
};

/** Path of an installed program, or null. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(':'), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

/** The first match in what a program says about its version. */
export function readVersion(file: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? '';
}

/** Starts it; of what it says on standard error the beginning is kept. */
export function startProgram(file: string, args: readonly string[]): Running {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout });
  const first = new Promise<string>((resolve) => lines.once('line', resolve));
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr = `${stderr}${chunk}`.slice(0, 4000);
  });
  const ended = once(child, 'close').catch(() => {});
  const isRunning = () => child.pid !== undefined && !hasEnded(child);
  return {
    pid: child.pid ?? 0,
    firstLine: () => Promise.race([first, ended.then(() => Promise.reject(new Error(stderr)))]),
    stderr: () => stderr,
    isRunning,
    async stop() {
      if (!isRunning()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Waits until the program accepts connections; throws with its stderr where it ends before. */
export async function waitForPort(program: Running, port: number): Promise<void> {
  const probe = async () => {
    if (!program.isRunning()) throw new Error(`it ended: ${program.stderr().trim()}`);
    const socket = connect({ host: '127.0.0.1', port });
    const accepted = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    return accepted;
  };
  await waitFor(probe, { what: `port ${port}`, timeoutMs: 30_000 });
}

/** A process and all below it. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap((child) => processTree(child.pid))];
}

/** CPU seconds that a process, all below it, and its children that have ended took so far. */
export function cpuSeconds(pid: number): number {
  return processTree(pid).reduce((sum, one) => sum + readCpuSeconds(`${one}`, 4), 0);
}

/** Of the process alone, all its threads. */
export function ownCpuSeconds(pid: number): number {
  return readCpuSeconds(`${pid}`, 2);
}

/** Of its main thread alone. */
export function mainCpuSeconds(pid: number): number {
  return readCpuSeconds(`${pid}/task/${pid}`, 2);
}

/** proc(5): utime, stime, cutime and cstime are fields 14 to 17; state, the third, is first here. */
function readCpuSeconds(path: string, fieldCount: 2 | 4): number {
  try {
    const stat = readFileSync(`/proc/${path}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 11 + fieldCount).reduce((sum, text) => sum + Number(text), 0);
    return ticks / TICKS_A_SECOND;
  } catch {
    return 0;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
