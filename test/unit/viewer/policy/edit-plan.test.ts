import { describe, expect, it } from 'vitest';
import { planEdit } from '../../../../src/viewer/policy/edit-plan.ts';

const ENFORCE = 'allow:\n  - a.test\n';

describe('planEdit()', () => {
  it('planEdit() shows every line of a change of two hundred entries', () => {
    const entry = (n: number) => `  - host: host-${n}.test\n    paths:\n      - prefix: /v1/\n`;
    const text = ENFORCE + Array.from({ length: 200 }, (_, n) => entry(n)).join('');
    const op = { kind: 'replace', file: 'enforce.yaml', text } as const;
    const plan = planEdit({ texts: { 'enforce.yaml': ENFORCE }, problems: [] }, op, 0);
    if ('problem' in plan) throw new Error(plan.problem);
    const added = plan.diff.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
    expect(`${ENFORCE}${added.join('\n')}\n`).toBe(plan.text);
    expect(added.length).toBeGreaterThan(400);
  });

  it('planEdit() refuses a change that cannot be shown whole', () => {
    const text = `${ENFORCE}${'# x\n'.repeat(6000)}`;
    const op = { kind: 'replace', file: 'enforce.yaml', text } as const;
    expect(planEdit({ texts: { 'enforce.yaml': ENFORCE }, problems: [] }, op, 0)).toMatchObject({
      problem: expect.stringContaining('too many to be shown'),
    });
  });
});
