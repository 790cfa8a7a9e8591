import { describe, expect, it } from 'vitest';
import { parseSegmentName, segmentName, sortSegments } from '../../../src/shared/segments.ts';

describe('segmentName() and parseSegmentName()', () => {
  it.each([
    ['egress.jsonl', 7, 'egress.7.jsonl'],
    ['egress.jsonl', 0, 'egress.0.jsonl'],
    ['a.b.jsonl', 12, 'a.b.12.jsonl'],
    ['log', 3, 'log.3'],
    ['.hidden', 1, '.hidden.1'],
  ])('%s, %i ↔ %s', (log, number, name) => {
    expect(segmentName(log, number)).toBe(name);
    expect(parseSegmentName(log, name)).toBe(number);
    expect(parseSegmentName(log, `${name}.gz`)).toBe(number);
  });

  it.each([
    'egress.jsonl',
    'egress.01.jsonl',
    'egress.-1.jsonl',
    'egress.1e3.jsonl',
    'egress..jsonl',
    'egress.1.jsonl.broken',
    'egress.1.jsonl.gz.gz',
    'egress.1.2.jsonl',
    'other.1.jsonl',
    'egress.99999999999.jsonl',
    '',
  ])('%s is no segment', (name) => {
    expect(parseSegmentName('egress.jsonl', name)).toBeNull();
  });
});

describe('sortSegments()', () => {
  it('orders by number, not by text, each once', () => {
    const names = ['egress.10.jsonl', 'egress.2.jsonl', 'egress.2.jsonl.gz', 'egress.jsonl', 'x'];
    expect(sortSegments('egress.jsonl', names)).toEqual([2, 10]);
  });
});
