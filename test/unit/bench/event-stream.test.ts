import { describe, expect, it } from 'vitest';
import { EVENT_BYTES, EventReader, formatEvent } from '../../../bench/openloop/event-stream.ts';

const DUE = [1_234_567.891, 60_000_000.5, 7];
const TEXT = DUE.map((dueMs, number) => formatEvent(number, dueMs)).join('');

describe('formatEvent()', () => {
  it('is as long as an event is, whatever it carries', () => {
    expect(formatEvent(0, 1)).toHaveLength(EVENT_BYTES);
    expect(formatEvent(72_000, 9_999_999_999.999)).toHaveLength(EVENT_BYTES);
    expect(formatEvent(0, 1)).toMatch(/^data: [^\n]+\n\n$/);
  });
});

describe('EventReader', () => {
  it('gives when each event was due, wherever the bytes are cut', () => {
    for (let size = 1; size <= TEXT.length; size += 1) {
      const { reader, seen } = read(TEXT, size);
      expect(seen).toEqual(DUE);
      expect(reader).toMatchObject({ count: 3, problem: null });
    }
  });

  it.each([
    ['one is missing', formatEvent(0, 1) + formatEvent(2, 2)],
    ['one came twice', formatEvent(0, 1) + formatEvent(0, 1)],
    ['bytes of one are gone', formatEvent(0, 1).replace('e', '')],
    ['there is none', 'data: hello\n\n'],
    ['it never ends', 'data: '.repeat(200)],
  ])('says so where %s', (_, text) => {
    expect(read(text, 50).reader.problem).toMatch(/event/);
  });
});

function read(text: string, size: number) {
  const reader = new EventReader();
  const seen: number[] = [];
  for (let at = 0; at < text.length; at += size) {
    reader.push(Buffer.from(text.slice(at, at + size)), (dueMs) => seen.push(dueMs));
  }
  return { reader, seen };
}
