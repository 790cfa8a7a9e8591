// What is read of /proc, by texts as kernels write them, and by this process.

import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import {
  parseListening,
  readListening,
} from '../../../../../../src/viewer/cli/doctor/facts/read-ports.ts';
import {
  parseOpenFiles,
  parseProcessStatus,
  readOpenFiles,
  readProcess,
} from '../../../../../../src/viewer/cli/doctor/facts/read-processes.ts';
import { portOf } from '../../../../../support/free-port.ts';

it('parseListening() reads both tables, and takes what listens', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
   2: 00000000000000000000000000000000:1F9A 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
   3: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4714 1 0
   4: nonsense
`;
  expect(parseListening(text)).toEqual([
    { address: '127.0.0.1', port: 8080, inode: '4711' },
    { address: '[::]', port: 8090, inode: '4713' },
    { address: '[2001:db8::1]', port: 80, inode: '4714' },
  ]);
});

it('parseProcessStatus() takes the effective user and all groups', () => {
  const text = 'Name:\tnode\nPPid:\t7\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t9 6 \n';
  expect(parseProcessStatus(42, text)).toEqual({
    pid: 42,
    parent: 7,
    user: { uid: 2, gids: [6, 9] },
    command: 'node',
  });
  expect(parseProcessStatus(42, 'Name:\tnode\n')).toBeNull();
});

it('parseOpenFiles() takes the soft limit', () => {
  expect(parseOpenFiles('Max open files            1024                 4096        files\n')).toBe(
    1024,
  );
  expect(parseOpenFiles('Max open files            unlimited    unlimited   files\n')).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(parseOpenFiles('')).toBeNull();
});

it('finds this process, and a port that it listens on', async () => {
  expect(await readProcess(process.pid)).toMatchObject({ user: { uid: process.geteuid?.() } });
  expect(await readOpenFiles(process.pid)).toBeGreaterThan(0);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server.address());
  const isLeash = (pid: number) => pid === process.pid;
  expect(await readListening([port], isLeash)).toEqual([
    { port, address: '127.0.0.1', pid: process.pid, command: expect.any(String), isLeash: true },
  ]);
  await new Promise((resolve) => server.close(resolve));
  expect(await readListening([port], isLeash)).toEqual([]);
});
