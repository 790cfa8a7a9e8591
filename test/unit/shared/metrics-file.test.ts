import { describe, expect, it } from 'vitest';
import { slotCount } from '../../../src/shared/meter.ts';
import { PRIMARY_METRICS, WORKER_METRICS } from '../../../src/shared/metric-tables.ts';
import { parseMetricsFile } from '../../../src/shared/metrics-file.ts';

const GOOD = {
  bootId: 'b',
  primary: new Array(slotCount(PRIMARY_METRICS)).fill(1),
  workers: new Array(slotCount(WORKER_METRICS)).fill(2),
};

describe('parseMetricsFile()', () => {
  it('reads what the primary writes', () => {
    expect(parseMetricsFile(JSON.stringify({ ...GOOD, more: 1 }))).toEqual(GOOD);
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...GOOD, bootId: 1 }),
    JSON.stringify({ ...GOOD, primary: GOOD.primary.slice(1) }),
    JSON.stringify({ ...GOOD, workers: [...GOOD.workers, 1] }),
    JSON.stringify({ ...GOOD, workers: GOOD.workers.map(() => '1') }),
  ])('gives nothing for what is none: %s', (text) => {
    expect(parseMetricsFile(text)).toBeNull();
  });
});
