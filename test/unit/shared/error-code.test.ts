import { describe, expect, it } from 'vitest';
import { codeOf } from '../../../src/shared/error-code.ts';

describe('codeOf()', () => {
  it.each([
    [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'ECONNRESET'],
    [Object.assign(new Error('odd'), { code: 5 }), 'odd'],
    [new Error('no code'), 'no code'],
    ['thrown text', 'thrown text'],
    [null, 'null'],
  ])('codeOf() of %s is %j', (error, code) => {
    expect(codeOf(error)).toBe(code);
  });
});
