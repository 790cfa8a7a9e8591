import { describe, expect, it } from 'vitest';
import {
  addToHistory,
  addView,
  readHistory,
  readViews,
} from '../../../../../src/viewer/ui/query/saved-queries.ts';

const MANY = Array.from({ length: 60 }, (_, n) => `query ${n}`);

describe('the history', () => {
  it.each([undefined, null, 'a', 7, { a: 1 }, [1, null, {}, '', '  ', 'x'.repeat(2001)]])(
    'readHistory takes nothing from %j',
    (kept) => {
      expect(readHistory(kept)).toEqual([]);
    },
  );

  it('addToHistory puts the newest first, each once, and keeps twenty', () => {
    expect(addToHistory(['a', 'b'], ' b ')).toEqual(['b', 'a']);
    expect(addToHistory(MANY, 'new')).toEqual(['new', ...MANY.slice(0, 19)]);
    expect(addToHistory(['a'], '  ')).toEqual(['a']);
  });
});

describe('views', () => {
  it.each([undefined, 'a', [null, 'a', { name: 'a' }, { name: '', q: 'a' }, { name: 'a', q: '' }]])(
    'readViews takes nothing from %j',
    (kept) => {
      expect(readViews(kept)).toEqual([]);
    },
  );

  it('readViews takes what it knows, and no more', () => {
    const kept = [{ name: 'a', q: 'b', more: 'c' }];
    expect(readViews(kept)).toEqual([{ name: 'a', q: 'b' }]);
    expect(readViews(MANY.map((name) => ({ name, q: 'a' })))).toHaveLength(50);
  });

  it('addView sorts by name and replaces the one of the same name', () => {
    const views = addView(addView([], 'b', 'host:b'), 'a', 'host:a');
    expect(addView(views, ' b ', 'host:c')).toEqual([
      { name: 'a', q: 'host:a' },
      { name: 'b', q: 'host:c' },
    ]);
  });
});
