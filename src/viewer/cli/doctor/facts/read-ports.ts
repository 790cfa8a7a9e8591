// Who listens on a port, by the kernel's tables of sockets and the descriptors of processes.

import { readFile } from 'node:fs/promises';
import type { Listening } from '../host-checks.ts';
import { listProcesses, readProcess, readSockets } from './read-processes.ts';

type Socket = { readonly address: string; readonly port: number; readonly inode: string };

/** `isLeash`: whether a process is one of this leash. Null: the system does not say who listens. */
export async function readListening(
  ports: readonly number[],
  isLeash: (pid: number) => boolean,
): Promise<Listening[] | null> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => null)),
  );
  if (tables.every((table) => table === null)) return null;
  const sockets = tables
    .flatMap((table) => parseListening(table ?? ''))
    .filter(({ port }) => ports.includes(port));
  const owners = await ownersOf(new Set(sockets.map(({ inode }) => inode)), isLeash);
  return await Promise.all(
    sockets.map(async ({ address, port, inode }) => {
      const pid = owners.get(inode) ?? null;
      const command = pid === null ? '' : ((await readProcess(pid))?.command ?? '');
      return { address, port, pid, command, isLeash: pid !== null && isLeash(pid) };
    }),
  );
}

/** Socket → a process that has it; one of leash where there are several. */
async function ownersOf(
  inodes: ReadonlySet<string>,
  isLeash: (pid: number) => boolean,
): Promise<Map<string, number>> {
  const owners = new Map<string, number>();
  if (inodes.size === 0) return owners;
  for (const pid of await listProcesses()) {
    for (const inode of await readSockets(pid)) {
      if (!inodes.has(inode)) continue;
      if (!owners.has(inode) || isLeash(pid)) owners.set(inode, pid);
    }
  }
  return owners;
}

/** Text of `/proc/net/tcp` or `tcp6` → the sockets that listen. */
export function parseListening(text: string): Socket[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== '0A' || !/^([0-9A-F]{8}|[0-9A-F]{32})$/.test(address)) return [];
    return [{ address: addressText(address), port: Number.parseInt(port, 16), inode }];
  });
}

/** The kernel writes each 32 bits of an address as a number of this machine, which has the low byte first. */
function addressText(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    [...Buffer.from(word, 'hex')].reverse(),
  );
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '[::]';
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname;
}
