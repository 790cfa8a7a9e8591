import { describe, expect, it } from 'vitest';
import {
  checkNode,
  checkOpenFiles,
  checkPorts,
  type HostFacts,
  type Listening,
} from '../../../../../src/viewer/cli/doctor/host-checks.ts';

const at = (port: number, changes: Partial<Listening> = {}): Listening => ({
  port,
  address: '[::]',
  pid: 100,
  command: 'node',
  isLeash: true,
  ...changes,
});
const FACTS: HostFacts = {
  proxyPort: 8080,
  viewerPort: 8090,
  listening: [at(8080), at(8090)],
  node: 'v24.1.0',
  nowMs: Date.parse('2026-11-26'),
  openFiles: 524_288,
  maxTunnels: 16_384,
};
const foreign = { pid: 7, command: 'nginx', isLeash: false };

describe('checkPorts()', () => {
  it.each<[string, Partial<HostFacts>, string, RegExp]>([
    ['leash on both', {}, 'ok', /\[::\]:8080 and \[::\]:8090/],
    ['the viewer is off', { viewerPort: null, listening: [at(8080)] }, 'ok', /8080/],
    ['nobody', { listening: [at(8080)] }, 'fail', /nobody listens on 8090/],
    ['another', { listening: [at(8080), at(8090, foreign)] }, 'fail', /8090 by nginx \(7\)/],
    ['another beside it', { listening: [at(8080), at(8090), at(8080, foreign)] }, 'fail', /nginx/],
    ['who knows', { listening: [at(8080, { pid: null }), at(8090)] }, 'unknown', /only root/],
    ['no tables', { listening: null }, 'unknown', /does not say/],
  ])('%s', (_, changes, outcome, what) => {
    expect(checkPorts({ ...FACTS, ...changes })).toMatchObject({
      outcome,
      what: expect.stringMatching(what),
    });
  });
});

describe('checkNode()', () => {
  it.each([
    ['v24.1.0', 'ok'],
    ['v20.20.2', 'warn'],
    ['v22.9.0', 'ok'],
    ['v99.0.0', 'unknown'],
    ['strange', 'unknown'],
  ])('%s: %s', (node, outcome) => {
    expect(checkNode({ ...FACTS, node })).toMatchObject({ outcome });
  });

  it('warns three months before', () => {
    const nowMs = Date.parse('2028-03-01');
    expect(checkNode({ ...FACTS, nowMs })).toMatchObject({ outcome: 'warn' });
  });
});

describe('checkOpenFiles()', () => {
  it.each<[number | null, string]>([
    [Number.POSITIVE_INFINITY, 'ok'],
    [2 * 16_384 + 512, 'ok'],
    [20_000, 'warn'],
    [null, 'unknown'],
  ])('%s: %s', (openFiles, outcome) => {
    expect(checkOpenFiles({ ...FACTS, openFiles })).toMatchObject({ outcome });
  });
});
