import { describe, expect, it } from 'vitest';
import {
  MAX_AFTER_MS,
  NO_ROTATION,
  readAfter,
  readCaRequest,
  readCaRotation,
} from '../../../../src/shared/trust/ca-rotation.ts';

const GOOD = { id: 'ab12', action: 'rotate', afterMs: 1000, actor: 'leashctl root' };

describe('readCaRequest()', () => {
  it('readCaRequest() reads what leashctl writes', () => {
    expect(readCaRequest(JSON.stringify(GOOD))).toEqual(GOOD);
  });

  it.each([
    { ...GOOD, action: 'export' },
    { ...GOOD, id: '../x' },
    { ...GOOD, afterMs: -1 },
    { ...GOOD, afterMs: MAX_AFTER_MS + 1 },
    { ...GOOD, afterMs: null },
    { ...GOOD, actor: 'x'.repeat(201) },
    { ...GOOD, actor: 7 },
    null,
    [],
    'rotate',
  ])('readCaRequest() gives null for %j', (value) => {
    expect(readCaRequest(JSON.stringify(value))).toBeNull();
  });

  it('readCaRequest() gives null for what is no JSON', () => {
    expect(readCaRequest('')).toBeNull();
  });
});

describe('readCaRotation()', () => {
  it('readCaRotation() reads what the primary wrote, and plans nothing where it cannot', () => {
    const plan = { state: 'switched', switchAtMs: 5, retireAtMs: 6, request: 'ab', problem: 'no' };
    expect(readCaRotation(JSON.stringify(plan))).toEqual(plan);
    for (const text of ['', '{', '[]', '{"switchAtMs":"1","retireAtMs":-1}']) {
      expect(readCaRotation(text)).toEqual(NO_ROTATION);
    }
  });
});

describe('readAfter()', () => {
  it.each([
    ['14d', 14 * 86_400_000],
    ['12h', 43_200_000],
    ['30m', 1_800_000],
    ['2w', 1_209_600_000],
    ['0s', 0],
    ['366d', null],
    ['14', null],
    ['d', null],
    ['-1d', null],
    ['1.5d', null],
    ['', null],
  ])('readAfter() of %j is %j', (text, ms) => {
    expect(readAfter(text)).toBe(ms);
  });
});
