import { describe, expect, it } from 'vitest';
import { Meter } from '../../../src/shared/meter.ts';
import {
  meterProcess,
  PRIMARY_METRICS,
  PROCESS_METRICS,
  WORKER_METRICS,
} from '../../../src/shared/metric-tables.ts';

describe('the tables of metrics', () => {
  const all = [...Object.values(WORKER_METRICS), ...Object.values(PRIMARY_METRICS)];

  it.each(all)('$name is named as Prometheus asks for', (metric) => {
    expect(metric.name).toMatch(/^leash_[a-z]+(_[a-z]+)*$/);
    expect(metric.name.endsWith('_total')).toBe(metric.type === 'counter');
    expect(metric.help).toMatch(/\.$/);
    if (metric.type === 'histogram') {
      expect([...metric.bounds].sort((a, b) => a - b)).toEqual(metric.bounds);
    }
  });
});

describe('meterProcess()', () => {
  it('takes the pause between two looks off the delay, and adds microseconds of CPU', () => {
    const meter = new Meter(PROCESS_METRICS);
    const memory = () => ({ rss: 1000, heapUsed: 600 });
    meterProcess(meter, { memory, cpu: { user: 2e6, system: 5e5 }, longestTickNs: 20.1e6 });
    meterProcess(meter, { memory, cpu: { user: 2e6, system: 6e5 }, longestTickNs: 90e6 });
    const [processes, resident, heap, cpu, ...delays] = meter.read();
    expect([processes, resident, heap, cpu]).toEqual([1, 1000, 600, 2.6]);
    const memoryIsOut = () => {
      throw new Error('EMFILE');
    };
    meterProcess(meter, { memory: memoryIsOut, cpu: { user: 0, system: 0 }, longestTickNs: 0 });
    expect(meter.read().slice(0, 4)).toEqual([1, 1000, 600, 2.6]);
    // One below 5 ms, one of 70.
    expect(delays.slice(0, 5)).toEqual([1, 0, 0, 0, 1]);
  });
});
