// Processes as Linux shows them in /proc: whose they are, who started them, what they may have open.

import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { User } from '../access-checks.ts';

export type ProcessFacts = {
  readonly pid: number;
  readonly parent: number;
  readonly user: User;
  /** Its program's name, as the kernel has it. */
  readonly command: string;
};

const PROC = '/proc';

/** Null: there is none, or it cannot be seen. */
export async function readProcess(pid: number): Promise<ProcessFacts | null> {
  const text = await readFile(join(PROC, String(pid), 'status'), 'utf8').catch(() => null);
  return text === null ? null : parseProcessStatus(pid, text);
}

/** Text of `/proc/PID/status` → what it says; null where it is none. */
export function parseProcessStatus(pid: number, text: string): ProcessFacts | null {
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1] ?? '';
  const numbers = (name: string) => field(name).split(/\s+/).filter(Boolean).map(Number);
  // Real, effective, saved, file system: what it may do goes by the second.
  const uid = numbers('Uid')[1];
  const gid = numbers('Gid')[1];
  const [parent] = numbers('PPid');
  if (uid === undefined || gid === undefined || parent === undefined) return null;
  const gids = [...new Set([gid, ...numbers('Groups')])];
  return { pid, parent, user: { uid, gids }, command: field('Name') };
}

/** Files that a process may have open; null: it cannot be seen. */
export async function readOpenFiles(pid: number): Promise<number | null> {
  const text = await readFile(join(PROC, String(pid), 'limits'), 'utf8').catch(() => '');
  return parseOpenFiles(text);
}

/** Text of `/proc/PID/limits` → the soft limit of open files. */
export function parseOpenFiles(text: string): number | null {
  const soft = /^Max open files\s+(\d+|unlimited)\s/m.exec(text)?.[1];
  if (soft === undefined) return null;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Numbers of all processes that can be seen. */
export async function listProcesses(): Promise<number[]> {
  const names = await readdir(PROC).catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Inode numbers of the sockets that a process has; empty also where only root may know. */
export async function readSockets(pid: number): Promise<string[]> {
  const folder = join(PROC, String(pid), 'fd');
  const names = await readdir(folder).catch(() => []);
  const targets = names.map((name) => readlink(join(folder, name)).catch(() => ''));
  return (await Promise.all(targets)).flatMap(
    (target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [],
  );
}
