import { describe, expect, it } from 'vitest';
import { firstRequest, pageParams } from '../../../src/shared/first-page.ts';

describe('firstRequest()', () => {
  it.each([
    ['', '/api/logs?limit=200'],
    ['?redact=0&sel=1%3A5,1-1-1', '/api/logs?limit=200'],
    ['?q=host%3Aa.test+-b', '/api/logs?limit=200&q=host%3Aa.test+-b'],
    ['?view=policy', null],
    ['?view=state&q=x', null],
  ])('of the page at "%s" is %s', (search, path) => {
    expect(firstRequest(search)).toBe(path);
  });

  it('is the one that the page makes, whatever the query holds', () => {
    const q = '>, "ü" <%0d%0a';
    const path = firstRequest(`?${new URLSearchParams({ q })}`) ?? '';
    expect(path).toBe(`/api/logs?${new URLSearchParams(pageParams(q))}`);
    expect(path, 'in a header').toMatch(/^[!-;=?-~]*$/);
    expect(path).not.toContain(',');
  });
});
