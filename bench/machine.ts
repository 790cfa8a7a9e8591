// Where numbers were measured: they say nothing without it.

import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { ROOT } from '../test/support/source-tree.ts';

/** The commit, Node and the processor. */
export function machine() {
  return {
    commit: readCommit(),
    node: process.version,
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
  };
}

function readCommit(): string {
  const { stdout, status } = spawnSync('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'none';
}
