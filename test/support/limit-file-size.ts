// A disk that is full, without a disk: the kernel's limit on file size for this process. A write that
// crosses it is cut short, the next one fails (EFBIG), as ENOSPC does.

import { execFileSync } from 'node:child_process';

/** No file may grow beyond `bytes` until `unlimitFileSize()`. Only the soft limit is touched. */
export function limitFileSize(bytes: number): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}

export function unlimitFileSize(): void {
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:']);
}
