import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DIFF_LINES, unifiedDiff } from '../../../../src/viewer/policy/unified-diff.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `line ${n + 1}`);

describe('unifiedDiff()', () => {
  it('unifiedDiff() shows each change with three lines around it, and where it stands', () => {
    const before = numbered(20);
    const after = before.toSpliced(9, 1, 'new a', 'new b');
    expect(unifiedDiff(`${before.join('\n')}\n`, `${after.join('\n')}\n`)).toEqual([
      '@@ -7 +7 @@',
      ' line 7',
      ' line 8',
      ' line 9',
      '-line 10',
      '+new a',
      '+new b',
      ' line 11',
      ' line 12',
      ' line 13',
    ]);
  });

  it('unifiedDiff() has nothing to say of the same text, and all of a new one', () => {
    expect(unifiedDiff('a\n', 'a\n')).toEqual([]);
    expect(unifiedDiff('', 'a\n')).toEqual(['@@ -1 +1 @@', '+a']);
  });

  it('unifiedDiff() has every changed line, however many: of long ones what stays is left out', () => {
    const kept = numbered(30);
    const added = Array.from({ length: 1000 }, (_, n) => `+  - host-${n}.test`);
    const after = [...kept, ...added.map((line) => line.slice(1))].join('\n');
    expect(unifiedDiff(kept.join('\n'), after)).toEqual(['@@ -31 +31 @@', ...added]);
  });

  it('unifiedDiff() that is beyond all bounds says how much it leaves out', () => {
    const diff = unifiedDiff('', numbered(MAX_DIFF_LINES + 600).join('\n'));
    expect(diff).toHaveLength(MAX_DIFF_LINES + 1);
    expect(diff.at(-1)).toBe('@@ and 601 more lines @@');
  });

  it('unifiedDiff() of long files finds few changes far apart', () => {
    const before = numbered(20_000);
    const after = before.toSpliced(19_000, 1).toSpliced(10, 2, 'new');
    const diff = unifiedDiff(before.join('\n'), after.join('\n'));
    const changed = diff.filter((line) => /^[-+]/.test(line));
    expect(changed).toEqual(['-line 11', '-line 12', '+new', '-line 19001']);
    expect(unifiedDiff(before.join('\n'), numbered(5000).reverse().join('\n')).length).toBe(5001);
  });

  it('unifiedDiff() gives both texts back: its minus lines the old one, its plus lines the new one', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = unifiedDiff(before.join('\n'), after.join('\n'));
        if (diff.length === 0) return;
        const side = (signs: string) =>
          diff.filter((line) => signs.includes(line[0] ?? '')).map((line) => line.slice(1));
        const kept = side(' ');
        expect(side(' -').length - kept.length).toBe(before.length - commonOf(before, after));
        expect(side(' +').length - kept.length).toBe(after.length - commonOf(before, after));
      }),
    );
  });
});

function commonOf(a: readonly string[], b: readonly string[]): number {
  const [head, ...rest] = a;
  if (head === undefined) return 0;
  const at = b.indexOf(head);
  const without = commonOf(rest, b);
  return at < 0 ? without : Math.max(without, 1 + commonOf(rest, b.slice(at + 1)));
}
