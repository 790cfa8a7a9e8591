// Reads the primary's status file and looks whether the process that wrote it still lives.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStatus, readinessProblems, type Status } from '../shared/status.ts';

type StatusReport = {
  readonly status: Status | null;
  readonly alive: boolean;
  /** Why leash is not ready, in words; empty = ready. */
  readonly problems: readonly string[];
};

/** State folder → what leash says about itself. Throws only where the file may not be read. */
export async function readStatus(stateDir: string): Promise<StatusReport> {
  const path = join(stateDir, 'run', 'status.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    return { status: null, alive: false, problems: ['leash has not started: no status file'] };
  }
  const status = parseStatus(text);
  if ('problem' in status) return { status: null, alive: false, problems: [status.problem] };
  const alive = isAlive(status.pid);
  return { status, alive, problems: readinessProblems(status, alive) };
}

function isAlive(pid: number): boolean {
  // 0 and negative numbers would ask about process groups.
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
