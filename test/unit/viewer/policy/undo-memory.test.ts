import { describe, expect, it } from 'vitest';
import { hashOf } from '../../../../src/viewer/policy/policy-write.ts';
import { textBefore } from '../../../../src/viewer/policy/undo-by-diff.ts';
import { UndoMemory } from '../../../../src/viewer/policy/undo-memory.ts';

describe('UndoMemory', () => {
  it('UndoMemory gives the text back that a change replaced, for this step alone', () => {
    const memory = new UndoMemory();
    const step = memory.remember('enforce.yaml', 'old\n', 'new\n');
    expect(memory.find(step)).toBe('old\n');
    expect(memory.find({ ...step, file: 'blocklist.yaml' })).toBeNull();
    expect(memory.find({ ...step, etag: hashOf('other') })).toBeNull();
  });

  it('UndoMemory takes a file that was not there for an empty list', () => {
    const memory = new UndoMemory();
    expect(memory.find(memory.remember('blocklist.yaml', null, 'block: [a.test]\n'))).toBe(
      'block: []\n',
    );
  });

  it('UndoMemory remembers the last twenty, and less where texts are long', () => {
    const memory = new UndoMemory();
    const steps = Array.from({ length: 25 }, (_, n) =>
      memory.remember('enforce.yaml', `${n}`, 'x'),
    );
    expect(steps.map((step) => memory.find(step) !== null).lastIndexOf(false)).toBe(4);
    const long = 'y'.repeat(3_000_000);
    const first = memory.remember('enforce.yaml', `${long}1`, 'a');
    const second = memory.remember('enforce.yaml', `${long}2`, 'b');
    expect([memory.find(first), memory.find(second)]).toEqual([null, `${long}2`]);
  });
});

describe('textBefore()', () => {
  const before = 'allow:\n  # c\n  - a.test\n  - b.test # b\n  - c.test\n';

  it.each([
    ['added', `${before}  - d.test\n`, ['+   - d.test']],
    ['removed', before.replace('  - b.test # b\n', ''), ['-   - b.test # b']],
    [
      'replaced',
      before.replace('  - b.test # b', '  - z.test'),
      ['-   - b.test # b', '+   - z.test'],
    ],
  ])('textBefore() finds what stood there before a line was %s', (_, after, diff) => {
    expect(textBefore(after, diff, hashOf(before))).toBe(before);
  });

  it('textBefore() gives nothing where the lines do not lead there', () => {
    expect(textBefore(before, ['+   - none.test'], hashOf('x'))).toBeNull();
    expect(textBefore(before, ['-   - none.test'], hashOf('x'))).toBeNull();
    expect(textBefore('x'.repeat(200_000), [], hashOf('x'))).toBeNull();
  });
});
