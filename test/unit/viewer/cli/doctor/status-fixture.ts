// The status of a leash that is as it should be.

import type { Status } from '../../../../../src/shared/status.ts';

export const STATUS: Status = {
  bootId: 'b',
  pid: 100,
  startedAt: 1_700_000_000_000,
  state: 'running',
  policy: { version: 3, mode: 'enforce', files: {} },
  problems: [],
  workers: [
    { number: 1, pid: 101, listening: true, policy: 3, flows: 4 },
    { number: 2, pid: 102, listening: true, policy: 3, flows: 5 },
  ],
  log: {
    healthy: true,
    problem: '',
    segment: 1,
    seq: 500,
    check: { state: 'done', segments: 1, damage: [] },
  },
  records: {},
  listeners: {
    proxy: { host: '::', port: 8080 },
    viewer: { host: '127.0.0.1', port: 8090 },
  },
};
