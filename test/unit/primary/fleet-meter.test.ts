import { describe, expect, it } from 'vitest';
import { FleetMeter } from '../../../src/primary/fleet-meter.ts';
import { areCounts, Meter } from '../../../src/shared/meter.ts';
import { REQUEST_CLASSES, WORKER_METRICS } from '../../../src/shared/metric-tables.ts';

/** A report of so many requests and open tunnels. */
function report(requests: number, open: number): number[] {
  const meter = new Meter(WORKER_METRICS);
  meter.add('requests', requests, REQUEST_CLASSES.indexOf('blocked'));
  meter.set('tunnelsOpen', open);
  for (let n = 0; n < requests; n += 1) meter.observe('admit', 0.01);
  return meter.read();
}

describe('FleetMeter', () => {
  it('adds up what the workers have counted since their starts', () => {
    const fleet = new FleetMeter();
    fleet.report(1, report(1, 9));
    fleet.report(1, report(3, 4));
    fleet.report(2, report(5, 2));
    expect(fleet.read()).toEqual(report(8, 6));
  });

  it('a sum never sinks: what a worker counted stays in it when the worker is gone', () => {
    const fleet = new FleetMeter();
    fleet.report(1, report(3, 4));
    fleet.ended(1);
    expect(fleet.read()).toEqual(report(3, 0));
    fleet.report(2, report(1, 1));
    expect(fleet.read()).toEqual(report(4, 1));
    fleet.ended(2);
    fleet.ended(2);
    fleet.ended(7);
    expect(fleet.read()).toEqual(report(4, 0));
  });

  it('no lie of a worker makes the sums numbers that no count may be', () => {
    const fleet = new FleetMeter();
    const most = report(0, 0).map(() => 1e15);
    for (const worker of [1, 2, 3]) fleet.report(worker, most);
    expect(areCounts(fleet.read(), most.length)).toBe(true);
    for (const worker of [1, 2, 3]) fleet.ended(worker);
    fleet.report(4, report(2, 1));
    expect(areCounts(fleet.read(), most.length)).toBe(true);
  });

  it('keeps the highest that a worker said: one that was taken over can unsay nothing', () => {
    const fleet = new FleetMeter();
    fleet.report(1, report(3, 4));
    fleet.report(1, report(0, 0));
    expect(fleet.read()).toEqual(report(3, 0));
  });
});
