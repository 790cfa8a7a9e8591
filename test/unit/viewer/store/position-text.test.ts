import { describe, expect, it } from 'vitest';
import {
  formatPosition,
  isNewer,
  parsePosition,
} from '../../../../src/viewer/store/position-text.ts';

describe('parsePosition()', () => {
  it('parsePosition() reads what formatPosition() wrote', () => {
    for (const place of [
      { segment: 0, offset: 0 },
      { segment: 9_999_999_999, offset: 999_999_999_999_999 },
    ]) {
      expect(parsePosition(formatPosition(place))).toEqual(place);
    }
  });

  it.each(['', ':', '1:', ':1', '1', '1:2:3', '-1:2', '1:-2', '1.5:2', ' 1:2', '1:2\n', '1e3:2'])(
    'parsePosition() finds none in %j',
    (text) => expect(parsePosition(text)).toBeNull(),
  );
});

describe('isNewer()', () => {
  it('isNewer() compares segments first, as numbers', () => {
    expect(isNewer({ segment: 10, offset: 0 }, { segment: 9, offset: 500 })).toBe(true);
    expect(isNewer({ segment: 9, offset: 500 }, { segment: 10, offset: 0 })).toBe(false);
    expect(isNewer({ segment: 9, offset: 2 }, { segment: 9, offset: 1 })).toBe(true);
    expect(isNewer({ segment: 9, offset: 2 }, { segment: 9, offset: 2 })).toBe(false);
  });
});
