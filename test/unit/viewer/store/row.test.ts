import { describe, expect, it } from 'vitest';
import { headerPairs, isRowEvent, toRow } from '../../../../src/viewer/store/row.ts';

const ALLOWED = {
  seq: 7,
  prev: '0',
  ts: 1_700_000_000.25,
  event: 'allowed',
  id: '1-1-1',
  client: '10.0.0.1',
  agent: 'ci',
  host: 'api.test',
  port: 443,
  method: 'GET',
  url: 'https://api.test/a',
  status: 200,
  rule: 'api.test',
  bytes: 12,
  req_bytes: 3,
  duration_ms: 4.5,
};

describe('toRow()', () => {
  it('toRow() takes the fields of a request by the names of the record', () => {
    expect(toRow(ALLOWED, '1:0')).toEqual({
      at: '1:0',
      seq: 7,
      chained: true,
      id: '1-1-1',
      ts: 1_700_000_000.25,
      event: 'allowed',
      class: 'allowed',
      would_block: false,
      client: '10.0.0.1',
      agent: 'ci',
      host: 'api.test',
      port: 443,
      method: 'GET',
      url: 'https://api.test/a',
      status: 200,
      reason: '',
      rule: 'api.test',
      bytes: 12,
      req_bytes: 3,
      duration_ms: 4.5,
      summary: '',
    });
  });

  it.each([
    ['allowed', 'allowed'],
    ['websocket', 'allowed'],
    ['blocked', 'blocked'],
    ['revoked', 'blocked'],
    ['error', 'error'],
    ['uninspected', 'uninspected'],
    ['intent', 'running'],
    ['mode_change', 'event'],
    ['log_recovered', 'event'],
    ['of_a_later_version', 'event'],
    ['constructor', 'event'],
  ])('toRow() puts %s into the class %s', (event, expected) => {
    expect(toRow({ event }, '1:0')?.class).toBe(expected);
  });

  it('toRow() tells what enforce mode would have blocked from what it allows', () => {
    const audit = 'would_block_in_enforce';
    expect(toRow({ ...ALLOWED, audit }, '')).toMatchObject({
      class: 'would_block',
      would_block: true,
    });
    expect(toRow({ event: 'error', audit }, '')).toMatchObject({
      class: 'error',
      would_block: true,
    });
  });

  it.each(['part', 'segment', 'checkpoint', 'connect_allowed', 'connect_closed'])(
    'toRow() gives no row for %s',
    (event) => {
      expect(toRow({ event }, '1:0')).toBeNull();
      expect(isRowEvent(event)).toBe(false);
    },
  );

  it.each([
    [
      { reason: 'damaged', offset: 99 },
      'damaged',
      'egress.3.jsonl is damaged behind record 7, at byte 99',
    ],
    [{ reason: 'gone' }, 'damaged', 'egress.3.jsonl is gone; the last record known is 7'],
    [
      { reason: 'torn_tail', bytes: 5, kept: 'k' },
      'event',
      'egress.3.jsonl ended in half a record (5 bytes, kept in k)',
    ],
    [{ reason: 'of_a_later_version' }, 'event', 'egress.3.jsonl: of_a_later_version'],
  ])('toRow() tells damage of the record from a torn tail: %j', (fields, kind, summary) => {
    const record = { event: 'log_recovered', file: 'egress.3.jsonl', last_seq: 7, ...fields };
    expect(toRow(record, '4:0')).toMatchObject({ class: kind, summary, chained: true });
    expect(toRow(record, '0:0')).toMatchObject({ class: 'event', chained: false });
  });

  it('toRow() believes no field that has the wrong type', () => {
    const wrong = Object.fromEntries(Object.keys(ALLOWED).map((name) => [name, { toString: 1 }]));
    expect(toRow({ ...wrong, event: 'allowed', status: Number.NaN }, '1:0')).toEqual({
      at: '1:0',
      seq: null,
      chained: true,
      id: '-',
      ts: 0,
      event: 'allowed',
      class: 'allowed',
      would_block: false,
      client: '',
      agent: '',
      host: '',
      port: null,
      method: '',
      url: '',
      status: null,
      reason: '',
      rule: '',
      bytes: 0,
      req_bytes: 0,
      duration_ms: null,
      summary: '',
    });
    expect(toRow({}, '1:0')).toMatchObject({ event: '', class: 'event' });
  });

  it.each([
    [{ event: 'websocket', direction: 'server', bytes: 9 }, 'WebSocket message received, 9 bytes'],
    [{ event: 'websocket', direction: 'client' }, 'WebSocket message sent, 0 bytes'],
    [
      { event: 'websocket', direction: 'server', opcode: 8, bytes: 5, code: 1001 },
      'WebSocket close 1001 received, 5 bytes',
    ],
    [
      { event: 'websocket', messages: 7, bytes: 700, truncated: 'backpressure' },
      '7 WebSocket messages sent that are not on the record, 700 bytes',
    ],
    [
      { event: 'websocket', direction: 'server', messages: 7, bytes: 7, body: 'x'.repeat(7) },
      '7 WebSocket messages received too fast for a record each, 7 bytes',
    ],
    [
      { event: 'websocket', messages: 7, bytes: 70, truncated: 'limit', parts: 1 },
      '7 WebSocket messages sent too fast for a record each, 70 bytes',
    ],
    [
      { event: 'websocket', direction: 'client', bytes: 7, reason: 'undecodable: x' },
      'WebSocket message sent, 7 bytes (undecodable: x)',
    ],
    [
      { event: 'mode_change', previous: 'audit', mode: 'enforce' },
      'mode changed from audit to enforce',
    ],
    [{ event: 'mode_change', mode: 'enforce' }, 'mode changed from none to enforce'],
    [
      { event: 'policy_error', seq: 1, prev: 'x', ts: 1, id: '-', file: 'a', line: 2 },
      'file: a, line: 2',
    ],
    [{ event: 'start', workers: [1, 2], files: { a: 'b' }, sha256: 'c' }, 'workers: [1,2]'],
  ])('toRow() sums up %j as %j', (record, summary) => {
    expect(toRow(record, '')?.summary).toBe(summary);
  });

  it('toRow() makes no row of a piece of a message, whose own record follows', () => {
    expect(toRow({ event: 'websocket', direction: 'client', more: true }, '1:0')).toBeNull();
  });

  it('toRow() cuts a summary that is longer than a line', () => {
    expect(toRow({ event: 'stop', reason: 'x'.repeat(5000) }, '')?.summary).toHaveLength(300);
  });
});

describe('headerPairs()', () => {
  it('headerPairs() keeps order and duplicates, and makes text of what is none', () => {
    expect(headerPairs([['B', '1'], ['a', '2'], ['B', '3'], ['c'], [1, null], 'x', null])).toEqual([
      ['B', '1'],
      ['a', '2'],
      ['B', '3'],
      ['c', ''],
      ['1', ''],
    ]);
  });

  it('headerPairs() reads the object form of the original, and nothing else', () => {
    expect(headerPairs({ Host: 'a', 'X-N': 1 })).toEqual([
      ['Host', 'a'],
      ['X-N', '1'],
    ]);
    for (const none of [undefined, null, 'x', 7]) expect(headerPairs(none)).toEqual([]);
  });
});
