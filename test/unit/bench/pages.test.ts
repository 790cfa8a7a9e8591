// Bodies of the load.

import { describe, expect, it } from 'vitest';
import { jsonText, PAGES } from '../../../bench/http/pages.ts';

describe('jsonText()', () => {
  it.each([100, 101, 1023, 1024, 8192, 102_400])('is JSON of exactly %i bytes', (bytes) => {
    const text = jsonText(bytes);
    expect(Buffer.byteLength(text)).toBe(bytes);
    expect(JSON.parse(text)).toEqual({ messages: expect.any(Array), usage: expect.any(String) });
  });

  it('has what has to be escaped, and is not one text repeated', () => {
    const { messages } = JSON.parse(jsonText(8192));
    expect(messages.length).toBeGreaterThan(40);
    expect(new Set(messages.map(({ content }: { content: string }) => content)).size).toBe(
      messages.length,
    );
    expect(messages[0].content).toMatch(/".*",\n/);
  });
});

it('a page is small enough for the configuration of nginx, and without its variables', () => {
  expect(PAGES.small.answer).not.toContain('$');
  expect(PAGES.small.answer.length).toBe(1024);
});
