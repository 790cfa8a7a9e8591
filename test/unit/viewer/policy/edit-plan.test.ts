import { describe, expect, it } from 'vitest';
import { planEdit } from '../../../../src/viewer/policy/edit-plan.ts';

const ENFORCE = 'allow:\n  - a.test\n';

describe('planEdit()', () => {
  it('planEdit() shows every line of a change of two hundred entries', () => {
    const entries = Array.from({ length: 200 }, (_, n) => {
      return { host: `host-${n}.test`, scope: 'path', method: 'GET', prefix: '/v1/' } as const;
    });
    const op = { kind: 'add', file: 'enforce.yaml', entries } as const;
    const plan = planEdit({ 'enforce.yaml': ENFORCE }, op, 0);
    if ('problem' in plan) throw new Error(plan.problem);
    const added = plan.diff.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
    expect(`${ENFORCE}${added.join('\n')}\n`).toBe(plan.text);
    expect(added.length).toBeGreaterThan(400);
  });

  it('planEdit() refuses a change that cannot be shown whole', () => {
    const text = `${ENFORCE}${'# x\n'.repeat(6000)}`;
    const op = { kind: 'replace', file: 'enforce.yaml', text } as const;
    expect(planEdit({ 'enforce.yaml': ENFORCE }, op, 0)).toMatchObject({
      problem: expect.stringContaining('too many to be shown'),
    });
  });
});
