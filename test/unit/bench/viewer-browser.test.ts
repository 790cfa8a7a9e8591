import { describe, expect, it } from 'vitest';
import { formatLoads } from '../../../bench/viewer-browser.ts';

describe('formatLoads()', () => {
  it('gives median and worst of both times, whatever the order of the loads', () => {
    const loads = [
      { rows: 90, drawn: 400 },
      { rows: 250.4, drawn: 120 },
      { rows: 100, drawn: 130 },
    ];
    expect(formatLoads('cold', loads)).toBe(
      'first rows, cold: rows 100 ms, worst 250 ms · drawn 130 ms, worst 400 ms (limit 300 ms, 3 loads)',
    );
  });
});
