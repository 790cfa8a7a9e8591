import { describe, expect, it } from 'vitest';
import { lineDiff } from '../../../src/shared/line-diff.ts';

describe('lineDiff()', () => {
  it('lineDiff() tells what is gone and what is new, not what moved', () => {
    expect(lineDiff('a\nb\nc\n', 'c\na\nd\nd\n')).toEqual(['- b', '+ d', '+ d']);
    expect(lineDiff('', '')).toEqual([]);
    expect(lineDiff('a\n', 'a  \n\n')).toEqual([]);
    expect(lineDiff('a\nb\n', 'b\na\n')).toEqual(['lines were moved']);
    const hash = 'ab12'.repeat(16);
    expect(lineDiff('', `token_sha256: ${hash}\n`)).toEqual(['+ token_sha256: ab12ab12...']);
  });

  it('lineDiff() stays short', () => {
    const many = Array.from({ length: 100 }, (_, n) => `${n}`).join('\n');
    expect(lineDiff('', many)).toHaveLength(41);
    expect(lineDiff('', many).at(-1)).toBe('and 60 more lines');
    expect(lineDiff('', 'x'.repeat(1000))[0]).toBe(`+ ${'x'.repeat(200)}...`);
  });
});
