import { describe, expect, it } from 'vitest';
import { redactHeaders } from '../../../../src/viewer/store/redact.ts';

describe('redactHeaders()', () => {
  it.each([
    ['Authorization', 'Bearer sk-123456', 'Bearer [hidden: 9 characters]'],
    ['authorization', 'Basic dXNlcjpwYXNz', 'Basic [hidden: 12 characters]'],
    ['Authorization', 'sk-123456', '[hidden: 9 characters]'],
    ['Authorization', 'Bearer', '[hidden: 6 characters]'],
    ['Proxy-Authorization', 'Basic eDp5', 'Basic [hidden: 4 characters]'],
    ['COOKIE', 'a=b; c=d', '[hidden: 8 characters]'],
    ['Set-Cookie', 'a=b', '[hidden: 3 characters]'],
    ['X-Api-Key', '', '[hidden: 0 characters]'],
    ['x-goog-api-key', 'k', '[hidden: 1 characters]'],
    [' Cookie ', 'a', '[hidden: 1 characters]'],
  ])('redactHeaders() hides %s: %s', (name, value, expected) => {
    expect(redactHeaders([[name, value]])).toEqual([[name, expected]]);
  });

  it('redactHeaders() keeps order, duplicates and all other headers', () => {
    const headers = [
      ['X-A', 'Bearer abc'],
      ['Cookie', 'a'],
      ['x-a', '2'],
      ['Cookie', 'bb'],
    ] as const;
    expect(redactHeaders(headers)).toEqual([
      ['X-A', 'Bearer abc'],
      ['Cookie', '[hidden: 1 characters]'],
      ['x-a', '2'],
      ['Cookie', '[hidden: 2 characters]'],
    ]);
  });
});
