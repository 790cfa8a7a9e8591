import { describe, expect, it } from 'vitest';
import { WORKER_SLOTS } from '../../../src/shared/metric-tables.ts';
import { readWorkerControl } from '../../../src/shared/worker-control.ts';

describe('readWorkerControl()', () => {
  it.each([
    { type: 'ready' },
    { type: 'drained' },
    { type: 'policy_in_force', version: 7 },
    { type: 'unrecorded', from: 1.5, to: 3, refused: 4 },
    { type: 'listen_failed', code: 'EADDRINUSE', message: 'in use' },
    { type: 'counts', values: new Array(WORKER_SLOTS).fill(1.5) },
  ])('reads %j, and nothing that stands beside it', (message) => {
    expect(readWorkerControl(JSON.stringify({ ...message, more: 1 }))).toEqual(message);
  });

  it.each([
    'null',
    '7',
    '[]',
    '{}',
    'not JSON',
    '{"type":"exit"}',
    '{"type":"policy_in_force","version":"7"}',
    '{"type":"policy_in_force","version":1.5}',
    '{"type":"unrecorded","from":3,"to":1,"refused":4}',
    '{"type":"unrecorded","from":1,"to":2,"refused":0}',
    '{"type":"unrecorded","from":1,"to":2}',
    '{"type":"listen_failed","code":1,"message":""}',
    '{"type":"counts","values":[]}',
    '{"type":"counts","values":7}',
    JSON.stringify({ type: 'counts', values: new Array(WORKER_SLOTS + 1).fill(1) }),
    JSON.stringify({ type: 'counts', values: new Array(WORKER_SLOTS).fill(-1) }),
    JSON.stringify({ type: 'counts', values: new Array(WORKER_SLOTS).fill(1e300) }),
  ])('throws on %s', (text) => {
    expect(() => readWorkerControl(text)).toThrow();
  });

  it('makes what a terminal shows printable, and short', () => {
    const message = `\u001b[2J${'x'.repeat(1000)}`;
    const read = readWorkerControl(JSON.stringify({ type: 'listen_failed', code: '\n', message }));
    expect(read).toMatchObject({ code: '?', message: expect.stringMatching(/^\?\[2Jx{296}$/) });
  });
});
