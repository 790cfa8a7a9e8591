import { describe, expect, it } from 'vitest';
import { findFailures, formatFleet } from '../../../bench/fleet/fleet-report.ts';
import { addLine, noFigures } from '../../../bench/fleet/log-figures.ts';
import { addUp } from '../../../bench/fleet/run-fleet.ts';
import { Distribution } from '../../../bench/openloop/distribution.ts';

describe('formatFleet()', () => {
  it('sets leash beside the direct way and says what it adds', () => {
    const direct = { eventP50Ms: 1, events: 10 };
    const leash = { eventP50Ms: 3.5, events: 9, cpuCores: 0.25 };
    const lines = formatFleet({ direct, leash, log: { compression: 5.126 } }).split('\n');
    expect(words(lines, 'a token, p50')).toEqual(['1', '3.50', '2.50']);
    expect(words(lines, 'tokens measured')).toEqual(['10', '9']);
    expect(words(lines, 'CPU, cores')).toEqual(['0.25']);
    expect(words(lines, 'log, compression')).toEqual(['5.13']);
  });
});

describe('findFailures()', () => {
  it('names what must not be, and nothing where all is well', () => {
    const well = { failures: 0, lost: 0, gitFailures: 0 };
    const log = { strange: 0, eventBytesMissing: 0 };
    expect(findFailures({ direct: well, leash: well, log })).toEqual([]);
    const failures = findFailures({
      direct: { ...well, gitFailures: 1 },
      leash: { failures: 2, lost: 3, gitFailures: 1 },
      log: { strange: 4, eventBytesMissing: -5 },
    });
    expect(failures.map((text) => text.split(' ')[0])).toEqual(['2', '2', '3', '4', '-5']);
  });
});

describe('addLine()', () => {
  it('adds lengths of all lines and of those in the window, and bytes of tokens that are recorded', () => {
    const figures = noFigures();
    const add = (record: object) => addLine(figures, JSON.stringify(record), { from: 10, to: 20 });
    add({ ts: 9, event: 'intent' });
    add({ ts: 10, event: 'part', dir: 'res', body: 'abc' });
    add({ ts: 20, event: 'allowed', status: 200, url: '/events?x', bytes: 5, res_body: 'de' });
    add({ ts: 21, event: 'allowed', status: 200, url: '/bytes?x', bytes: 7, res_body: 'no token' });
    expect(figures).toMatchObject({ records: 4, eventBytes: 5, eventBytesRecorded: 5, strange: 0 });
    expect(figures.windowBytes).toBe('{"ts":10,"event":"part","dir":"res","body":"abc"}\n'.length);
    expect(figures.bytes).toBeGreaterThan(200);
  });

  it('counts what is no whole answer; what is no text need not be copied', () => {
    const figures = noFigures();
    const answer = { event: 'allowed', status: 200, url: '/git/x', bytes: 1 };
    for (const record of [
      { ...answer, res_truncated: 'content_type' },
      { ...answer, res_truncated: 'backpressure' },
      { ...answer, status: 502 },
      { event: 'error' },
      { event: 'blocked' },
    ]) {
      addLine(figures, JSON.stringify(record), { from: 0, to: 1 });
    }
    expect(figures.strange).toBe(4);
  });
});

describe('addUp()', () => {
  it('adds counts, and joins times so that percentiles are those of all', () => {
    const result = (ms: number, failures: number) => {
      const times = new Distribution();
      for (let n = 0; n < 100; n += 1) times.add(ms);
      const each = times.encode();
      const all = { event: each, firstEvent: each, get: each, lateness: each };
      return { counts: { failures, gets: 100 }, times: all, problem: null };
    };
    expect(addUp([result(1, 0), result(9, 2)])).toMatchObject({
      failures: 2,
      gets: 200,
      eventP50Ms: 1,
      eventMaxMs: 9,
    });
  });
});

function words(lines: readonly string[], title: string): string[] {
  const line = lines.find((text) => text.startsWith(title)) ?? '';
  return line.slice(32).trim().split(/\s+/);
}
