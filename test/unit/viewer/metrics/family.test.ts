import { describe, expect, it } from 'vitest';
import { Meter } from '../../../../src/shared/meter.ts';
import {
  familiesOf,
  formatFamilies,
  gauge,
  gauges,
} from '../../../../src/viewer/metrics/family.ts';

const SHARED = { memory: { type: 'gauge', name: 'x_bytes', help: 'Memory.' } } as const;
const TABLE = {
  ...SHARED,
  ends: { type: 'counter', name: 'x_total', help: 'Ends.', label: 'by', of: ['a', 'b'] },
  times: { type: 'histogram', name: 'x_seconds', help: 'Times.', bounds: [0.5, 2] },
} as const;

describe('familiesOf() and formatFamilies()', () => {
  it('write what was counted as Prometheus reads it: buckets add up, and the last one holds all', async () => {
    const meter = new Meter(TABLE);
    meter.set('memory', 7);
    meter.add('ends', 3, 1);
    for (const value of [0.1, 0.5, 1, 9]) meter.observe('times', value);
    const { text, contentType } = await formatFamilies(
      familiesOf(TABLE, meter.read(), 'worker', SHARED),
    );
    expect(contentType).toContain('text/plain; version=0.0.4');
    expect(text.split('\n').filter((line) => line !== '')).toEqual([
      '# HELP x_bytes Memory.',
      '# TYPE x_bytes gauge',
      'x_bytes{role="worker"} 7',
      '# HELP x_total Ends.',
      '# TYPE x_total counter',
      'x_total{by="a"} 0',
      'x_total{by="b"} 3',
      '# HELP x_seconds Times.',
      '# TYPE x_seconds histogram',
      'x_seconds_bucket{le="0.5"} 2',
      'x_seconds_bucket{le="2"} 3',
      'x_seconds_bucket{le="+Inf"} 4',
      'x_seconds_sum 10.6',
      'x_seconds_count 4',
    ]);
  });

  it('have one family for what several processes count', async () => {
    const worker = familiesOf(SHARED, [1], 'worker', SHARED);
    const viewer = familiesOf(SHARED, [2], 'viewer', SHARED);
    const { text } = await formatFamilies([...worker, ...viewer]);
    expect(text.match(/# TYPE/g)).toHaveLength(1);
    expect(text).toContain('x_bytes{role="worker"} 1\nx_bytes{role="viewer"} 2\n');
  });

  it('leave out what is not known', async () => {
    const families = [
      gauge('a', 'A.', null),
      gauges('b', 'B.', 'of', [
        ['x', 1],
        ['y', null],
      ]),
    ];
    expect((await formatFamilies(families)).text.trim().split('\n')).toEqual([
      '# HELP b B.',
      '# TYPE b gauge',
      'b{of="x"} 1',
    ]);
  });
});
