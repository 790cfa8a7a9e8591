import { describe, expect, it } from 'vitest';
import {
  type LogParams,
  type LogQuery,
  parseLogQuery,
} from '../../../../src/viewer/store/log-params.ts';
import type { Row } from '../../../../src/viewer/store/row.ts';
import { RowFilter } from '../../../../src/viewer/store/row-filter.ts';
import { type LineFields, logLine } from '../../../support/log-line.ts';

/** A line as leash writes it, or a text that is taken as it is. */
type Line = LineFields | string;

/** Lines in the order of the log → rows, newest first, as a scan from the end gives them. */
function scan(params: LogParams, lines: readonly Line[], fromEnd = true): Row[] {
  const filter = new RowFilter((parseLogQuery(params) as LogQuery).query, { fromEnd, nowS: 0 });
  return lines
    .map((line) => Buffer.from(typeof line === 'string' ? line : logLine(line)))
    .reverse()
    .flatMap((line) => filter.take(line, '')?.row ?? []);
}

const ids = (rows: readonly Row[]) => rows.map((row) => row.id);
const hits = (q: string, line: Line) => scan({ q }, [line]).length === 1;

const GET: LineFields = {
  event: 'allowed',
  client: '10.0.0.1',
  agent: 'ci',
  host: 'api.test',
  port: 443,
  method: 'GET',
  url: 'https://api.test/a?b=c',
  status: 204,
  rule: 'of api.test',
  req_headers: [['X-Trace', 'Abc "q" \\ü']],
  res_headers: [['Server', 'nginx']],
  res_body: 'only in the body',
};

describe('RowFilter and the text of a search', () => {
  it.each([
    'api.test/A?b',
    'ci',
    '10.0.0.1',
    'get',
    '204',
    'of API',
    'allowed',
    '1-1-1',
    'x-trace',
    'abc',
    '"\\"q\\""',
    '\\ü',
    'x-trace: abc',
    '"x-trace: abc"',
    'server:',
    '" nginx"',
    '" "',
    'NGINX',
  ])('RowFilter finds %j in address, client, rule and headers', (q) => {
    expect(hits(q, GET)).toBe(true);
  });

  it.each(['only in the body', 'missing', 'prev', 'res_headers', '"x-trace: nginx"'])(
    'RowFilter does not find %j in bodies or in the names of fields',
    (q) => expect(hits(q, GET)).toBe(false),
  );

  it('RowFilter searches reasons and the summaries of events', () => {
    expect(hits('not_in', { event: 'blocked', reason: 'not_in_allowlist' })).toBe(true);
    const change: LineFields = { event: 'mode_change', previous: 'audit', mode: 'enforce' };
    expect(hits('from audit to', change)).toBe(true);
  });

  it('RowFilter reads lines of the original, which have no stamp', () => {
    const old = '{"ts": 5, "event": "allowed", "host": "old.test", "req_headers": {"A": "b"}}';
    expect(scan({ q: 'old.TEST' }, [old])).toMatchObject([{ seq: null, host: 'old.test', ts: 5 }]);
    expect(hits('a: b', old)).toBe(true);
    expect(hits('new.test', old)).toBe(false);
  });

  it.each(['', 'x', '[]', '"a"', 'null', '{"event":"allowed"', '\u0000'])(
    'RowFilter passes over %j, which is no record',
    (line) => expect(scan({}, [line])).toEqual([]),
  );
});

describe('RowFilter and the filters', () => {
  const lines: Line[] = [
    { event: 'allowed', id: 'a', client: '10.0.0.1', host: 'api.test' },
    { event: 'allowed', id: 'b', client: '10.0.0.2', agent: 'ci', host: '10.9.9.9' },
    { event: 'blocked', id: 'c', client: '10.0.0.11', host: 'evil.test' },
    { event: 'allowed', id: 'd', audit: 'would_block_in_enforce', host: 'new.test' },
    { event: 'error', id: 'e', host: 'localhost' },
    { event: 'mode_change', id: 'f', mode: 'audit' },
    { event: 'checkpoint', id: 'g' },
  ];

  it.each([
    [{}, 'fedcba'],
    [{ client: '10.0.0.1' }, 'a'],
    [{ client: 'ci' }, 'b'],
    [{ class: 'blocked,error' }, 'ec'],
    [{ class: 'would_block' }, 'd'],
    [{ class: 'event' }, 'f'],
    [{ would_block: '1' }, 'd'],
    [{ internet_only: '1' }, 'fdca'],
    [{ internet_only: '1', class: 'allowed' }, 'a'],
    [{ q: 'test', class: 'allowed' }, 'a'],
  ] satisfies [LogParams, string][])('RowFilter answers %j with %s', (params, expected) => {
    expect(ids(scan(params, lines)).join('')).toBe(expected);
  });
});

describe('RowFilter and flows under way', () => {
  const intent = (id: string): LineFields => ({ event: 'intent', id, host: 'a.test' });

  it.each(['allowed', 'blocked', 'error', 'revoked'] as const)(
    'RowFilter shows an intent until %s follows it',
    (event) => {
      expect(scan({}, [intent('a')])).toMatchObject([{ id: 'a', class: 'running' }]);
      expect(scan({}, [intent('a'), intent('b'), { event, id: 'a' }])).toMatchObject([
        { id: 'a', event },
        { id: 'b', class: 'running' },
      ]);
    },
  );

  it('RowFilter does not call a flow ended because of its messages', () => {
    const rows = scan({}, [intent('a'), { event: 'websocket', id: 'a' }]);
    expect(rows.map((row) => row.event)).toEqual(['websocket', 'intent']);
  });

  it('RowFilter knows that a flow ended also where its end does not match', () => {
    const lines = [intent('a'), { event: 'blocked' as const, id: 'a', host: 'a.test' }];
    expect(scan({ class: 'running' }, lines)).toEqual([]);
    expect(scan({ q: 'nothing of this' }, lines)).toEqual([]);
  });

  it('RowFilter shows none where the scan did not begin at the end of the log', () => {
    expect(scan({}, [intent('a')], false)).toEqual([]);
  });
});

describe('RowFilter and time', () => {
  it('RowFilter says how far back it has looked, also by records that are no rows', () => {
    const filter = new RowFilter((parseLogQuery({ q: 'no hit' }) as LogQuery).query, {
      fromEnd: true,
      nowS: 0,
    });
    expect(filter.lastTs).toBeNull();
    filter.take(Buffer.from(logLine({ ...GET, ts: 50.5 })), '');
    expect(filter.lastTs).toBe(50.5);
    filter.take(Buffer.from(logLine({ event: 'part', ts: 40 })), '');
    expect(filter.lastTs).toBe(40);
    filter.take(Buffer.from('{"ts":30,"event":"allowed"}'), '');
    filter.take(Buffer.from('damaged'), '');
    expect(filter.lastTs).toBe(30);
  });
});
