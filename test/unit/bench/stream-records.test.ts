import { describe, expect, it } from 'vitest';
import { addRecord } from '../../../bench/openloop/stream-records.ts';

describe('addRecord()', () => {
  it('adds bytes that were passed on and bytes that were recorded, in parts and at the end', () => {
    const found = { streams: 0, bytes: 0, recorded: 0, cut: 0 };
    for (const record of [
      { event: 'intent' },
      { event: 'part', dir: 'res', body: 'abc' },
      { event: 'part', dir: 'req', body: 'no answer' },
      { event: 'allowed', bytes: 5, res_body: 'de' },
      { event: 'allowed', bytes: 0 },
    ]) {
      addRecord(found, record);
    }
    expect(found).toEqual({ streams: 2, bytes: 5, recorded: 5, cut: 0 });
  });

  it('counts what was cut, in the record or on the way', () => {
    const found = { streams: 0, bytes: 0, recorded: 0, cut: 0 };
    addRecord(found, { event: 'allowed', bytes: 9, res_truncated: 'limit', res_body: 'x' });
    addRecord(found, { event: 'error' });
    expect(found).toEqual({ streams: 1, bytes: 9, recorded: 1, cut: 2 });
  });
});
