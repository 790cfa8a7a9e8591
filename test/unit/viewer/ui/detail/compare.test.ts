import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../../../src/viewer/store/flow.ts';
import { compareHeaders } from '../../../../../src/viewer/ui/detail/compare/compare-flows.ts';
import { diffLines } from '../../../../../src/viewer/ui/detail/compare/diff-lines.ts';
import { timingOf } from '../../../../../src/viewer/ui/detail/decision/timing.ts';

const diff = (a: string, b: string) =>
  diffLines(a, b).lines.map(
    ({ kind, text }) => `${{ same: ' ', gone: '-', new: '+', skip: '@' }[kind]}${text}`,
  );

describe('diffLines()', () => {
  it.each([
    ['', '', []],
    ['a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
    ['a', 'a\nb', [' a', '+b']],
    ['a\nb', '', ['-a', '-b']],
    [
      '1\n2\n3\n4\n5\n6\n7\n8\nx',
      '1\n2\n3\n4\n5\n6\n7\n8\ny',
      ['@5 same lines', ' 6', ' 7', ' 8', '-x', '+y'],
    ],
  ])('diffLines() of %j and %j', (a, b, expected) => {
    expect(diff(a, b)).toEqual(expected);
    const side = (drop: string) => diffLines(a, b).lines.filter(({ kind }) => kind !== drop);
    // Whatever the order chosen, each side can be read back.
    if (!diff(a, b).some((line) => line.startsWith('@'))) {
      expect(
        side('new')
          .map(({ text }) => text)
          .join('\n'),
      ).toBe(a);
      expect(
        side('gone')
          .map(({ text }) => text)
          .join('\n'),
      ).toBe(b);
    }
  });

  it('diffLines() is bounded, and says when it is not exact', () => {
    const text = (mark: string) => Array.from({ length: 4000 }, (_, n) => `${mark}${n}`).join('\n');
    const { lines, isExact } = diffLines(text('a'), text('b'));
    expect(isExact).toBe(false);
    expect(lines.length).toBeLessThan(100);
  });
});

describe('compareHeaders()', () => {
  it('compareHeaders() tells what was added, removed and changed, repeated names in their order', () => {
    const a = [
      ['X-A', '1'],
      ['x-same', 's'],
      ['Set-Cookie', 'a'],
      ['set-cookie', 'b'],
    ] as const;
    const b = [
      ['x-a', '2'],
      ['x-new', 'n'],
      ['X-Same', 's'],
      ['set-cookie', 'a'],
    ] as const;
    expect(compareHeaders(a, b).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'same set-cookie',
      'removed set-cookie',
      'changed x-a',
      'added x-new',
      'same x-same',
    ]);
  });
});

describe('timingOf()', () => {
  const timing = (duration_ms: number | null, ttfb_ms?: unknown) =>
    timingOf({ row: { duration_ms }, fields: { ttfb_ms } } as unknown as Flow);

  it('timingOf() splits the time into waiting and transfer, whatever the record says', () => {
    expect(timing(100, 25)).toEqual({ waitMs: 25, transferMs: 75, totalMs: 100, waitShare: 25 });
    expect(timing(100)).toMatchObject({ waitMs: 100, transferMs: 0, waitShare: 100 });
    expect(timing(100, 500)).toMatchObject({ waitMs: 100, transferMs: 0 });
    expect(timing(0, 0)).toMatchObject({ totalMs: 0, waitShare: 100 });
    expect(timing(null, 3)).toBeNull();
    expect(timing(-1)).toBeNull();
  });
});
