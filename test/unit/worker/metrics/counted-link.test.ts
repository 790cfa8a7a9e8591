import { describe, expect, it } from 'vitest';
import type { FlowEvent, FlowFields } from '../../../../src/shared/audit-event.ts';
import { Meter, slotsOf } from '../../../../src/shared/meter.ts';
import { WORKER_METRICS } from '../../../../src/shared/metric-tables.ts';
import { countedLink } from '../../../../src/worker/metrics/counted-link.ts';
import { fakeLink } from '../../../support/fake-link.ts';

/** The numbers of one metric after these records have passed. */
function countOf(
  key: keyof typeof WORKER_METRICS,
  ...records: readonly (readonly [FlowEvent, FlowFields])[]
): number[] {
  const meter = new Meter(WORKER_METRICS);
  const inner = fakeLink();
  const link = countedLink(inner, meter);
  for (const [event, { method = 'GET', ...fields }] of records) {
    link.record(event, 1, fields, { client: '', method });
  }
  expect(inner.records.map(({ event }) => event)).toEqual(records.map(([event]) => event));
  for (const [at, { fields }] of inner.records.entries()) {
    expect(fields).toEqual({ method: 'GET', ...records[at]?.[1] });
  }
  let at = 0;
  for (const [name, metric] of Object.entries(WORKER_METRICS)) {
    if (name === key) return meter.read().slice(at, at + slotsOf(metric));
    at += slotsOf(metric);
  }
  return [];
}

describe('countedLink()', () => {
  it('counts each end of a request by what became of it', () => {
    const counts = countOf(
      'requests',
      ['allowed', { method: 'GET' }],
      ['allowed', { method: 'GET', audit: 'would_block_in_enforce' }],
      ['allowed', { audit: 'would_block_in_enforce' }],
      ['blocked', { status: 400 }],
      ['error', { audit: 'would_block_in_enforce' }],
      ['revoked', {}],
      ['part', {}],
      ['websocket', {}],
      ['connect_closed', {}],
      ['blocked', { method: 'CONNECT' }],
    );
    expect(counts).toEqual([1, 2, 1, 1, 1]);
  });

  it('counts tunnels beside them', () => {
    const counts = countOf(
      'tunnels',
      ['connect_closed', { method: 'CONNECT' }],
      ['uninspected', { method: 'CONNECT' }],
      ['uninspected', { method: 'CONNECT' }],
      ['blocked', { method: 'CONNECT' }],
      ['error', { method: 'CONNECT' }],
      ['revoked', { method: 'CONNECT' }],
      ['allowed', { method: 'GET' }],
    );
    expect(counts).toEqual([1, 2, 1, 1, 1]);
  });

  it('adds up bodies both ways, of requests only', () => {
    const counts = countOf(
      'requestBytes',
      ['allowed', { req_bytes: 5, bytes: 70 }],
      ['error', { req_bytes: 6 }],
      ['connect_closed', { req_bytes: 1000, bytes: 1000 }],
    );
    expect(counts).toEqual([11, 70]);
  });

  it('observes how long it took until the answer and the end; of what was refused neither', () => {
    const records = [
      ['allowed', { ttfb_ms: 1.5, duration_ms: 40 }],
      ['error', { ttfb_ms: 0, duration_ms: 2000 }],
      ['blocked', { duration_ms: 7 }],
    ] as const;
    const [ttfb, duration] = [countOf('ttfb', ...records), countOf('duration', ...records)];
    expect(ttfb.at(-1)).toBeCloseTo(0.0015);
    expect(duration.at(-1)).toBeCloseTo(2.04);
    expect(duration.slice(0, -1).reduce((sum, each) => sum + each, 0)).toBe(2);
  });
});
