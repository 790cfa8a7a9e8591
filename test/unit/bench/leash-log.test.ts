// What counts as answered and as recorded in leash's log.

import { expect, it } from 'vitest';
import { addRecord, nothingFound } from '../../../bench/programs/leash-log.ts';
import type { LogRecord } from '../../support/leash-records.ts';

function foundIn(...records: readonly LogRecord[]) {
  const found = nothingFound();
  for (const record of records) addRecord(found, record);
  return found;
}

it('adds bytes that were passed on and bytes that were recorded, in parts and at the end', () => {
  const found = foundIn(
    ...[{ event: 'intent' }, { event: 'intent' }, { event: 'tunnel' }],
    { event: 'part', dir: 'res', body: 'abc' },
    { event: 'part', dir: 'req', body: 'no answer' },
    { event: 'allowed', status: 200, bytes: 5, req_bytes: 2, res_body: 'de' },
    { event: 'allowed', status: 200, bytes: 7, res_body: 'short' },
  );
  const answered = { requests: 2, requestBytes: 2, answerBytes: 12 };
  expect(found).toEqual({ intents: 2, answered, textBytes: 12, copiedBytes: 10, strange: null });
});

it('expects no copy of what is no text', () => {
  const record = { event: 'allowed', status: 200, bytes: 9, res_truncated: 'content_type' };
  const answered = { requests: 1, requestBytes: 0, answerBytes: 9 };
  expect(foundIn(record)).toEqual({ ...nothingFound(), answered });
});

it.each([
  { event: 'allowed', status: 200, bytes: 9, res_truncated: 'backpressure', res_body: 'x' },
  { event: 'allowed', status: 502, bytes: 9 },
  { event: 'error' },
  { event: 'blocked' },
  { event: 'revoked' },
])('takes no other end for an answer: %j', (record) => {
  expect(foundIn(record, { event: 'error', second: true })).toEqual({
    ...nothingFound(),
    strange: record,
  });
});
