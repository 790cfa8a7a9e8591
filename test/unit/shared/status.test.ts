import { describe, expect, it } from 'vitest';
import { parseStatus, readinessProblems, type Status } from '../../../src/shared/status.ts';

const CHECK = {
  state: 'done',
  segments: 1,
  damage: [{ file: 'egress.3.jsonl', seq: 7, offset: 99 }],
} as const;
const GOOD: Status = {
  bootId: 'b1',
  pid: 1,
  startedAt: 1_760_000_000_000,
  state: 'running',
  policy: { version: 3, mode: 'enforce', files: { mode: 'aa' } },
  problems: [{ file: 'enforce.yaml', line: 3, column: 1, message: 'bad port' }],
  workers: [{ number: 1, pid: 2, listening: true, policy: 3 }],
  log: {
    healthy: true,
    problem: '',
    segment: 1,
    seq: 10,
    check: CHECK,
  },
  records: { allowed: 3 },
  listeners: { proxy: { host: '::', port: 8080 }, viewer: null },
};

describe('parseStatus()', () => {
  it('parseStatus() reads what the primary writes', () => {
    expect(parseStatus(JSON.stringify(GOOD))).toEqual(GOOD);
    const totals = { uninspectedBytes: 1, suspendedS: 0.5, refused: 2 };
    expect(parseStatus(JSON.stringify({ ...GOOD, totals }))).toEqual({ ...GOOD, totals });
    const early = { ...GOOD, policy: null, problems: [], workers: [] };
    expect(parseStatus(JSON.stringify(early))).toEqual(early);
  });

  it.each([
    ['', 'not JSON'],
    ['{"bootId":"b', 'not JSON'],
    ['[]', 'the whole object'],
    ['null', 'the whole object'],
    [JSON.stringify({ ...GOOD, pid: '1' }), '"pid"'],
    [JSON.stringify({ ...GOOD, totals: [] }), '"totals"'],
    [JSON.stringify({ ...GOOD, totals: { refused: 1 } }), '"totals.uninspectedBytes"'],
    ...[null, {}, { ...CHECK, state: 'lost' }, { ...CHECK, damage: [{}] }].map(
      (check): [string, string] => [
        JSON.stringify({ ...GOOD, log: { ...GOOD.log, check } }),
        '"log.check"',
      ],
    ),
    [JSON.stringify({ ...GOOD, policy: 4 }), '"policy"'],
    [JSON.stringify({ ...GOOD, policy: { version: 1 } }), '"policy.mode"'],
    [JSON.stringify({ ...GOOD, policy: { version: 1, mode: 'audit' } }), '"policy.files"'],
    [JSON.stringify({ ...GOOD, log: null }), '"log"'],
    [JSON.stringify({ ...GOOD, log: { healthy: 'yes' } }), '"log.healthy"'],
    [JSON.stringify({ ...GOOD, problems: [{ file: 1 }] }), '"problems"'],
    [JSON.stringify({ ...GOOD, workers: {} }), '"workers"'],
    [JSON.stringify({ ...GOOD, listeners: {} }), '"listeners.proxy"'],
    [JSON.stringify({ ...GOOD, listeners: { proxy: { host: '', port: 1 }, viewer: 2 } }), 'viewer'],
  ])('parseStatus() names what is wrong in %s', (text, part) => {
    expect(parseStatus(text)).toEqual({ problem: expect.stringContaining(part) });
  });
});

describe('readinessProblems()', () => {
  it('readinessProblems() is empty only when everything works', () => {
    expect(readinessProblems(GOOD, true)).toEqual([]);
  });

  it.each([
    ['a dead primary', GOOD, false, 'gone'],
    ['a drain', { ...GOOD, state: 'draining' as const }, true, 'draining'],
    ['no policy', { ...GOOD, policy: null }, true, 'policy'],
    [
      'a full disk',
      { ...GOOD, log: { ...GOOD.log, healthy: false, problem: 'ENOSPC' } },
      true,
      'ENOSPC',
    ],
    ['no workers', { ...GOOD, workers: [] }, true, 'no worker'],
    [
      'a worker that does not listen',
      { ...GOOD, workers: [...GOOD.workers, { number: 2, pid: 3, listening: false, policy: 0 }] },
      true,
      'worker 2',
    ],
  ])('readinessProblems() reports %s', (_name, status, alive, part) => {
    const problems = readinessProblems(status, alive);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(part);
  });
});
