import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatJson } from '../../../../src/shared/audit-line.ts';
import { LineScan } from '../../../../src/viewer/replay/line-scan.ts';
import { parseHead } from '../../../../src/viewer/store/row-filter.ts';
import { logLine } from '../../../support/log-line.ts';

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('"', '\\', '","host":"evil.test"', '{"url":1}', 'ü\u2028', '?', 'a?b'),
);
const value = fc.oneof(
  text,
  fc.integer(),
  fc.array(fc.array(text, { maxLength: 2 }), { maxLength: 2 }),
  fc.dictionary(text, text, { maxKeys: 2 }),
  fc.constantFrom(true, null),
);
const name = fc.constantFrom(
  'host',
  'url',
  'agent',
  'port',
  'reason',
  'requests',
  'x',
  'hos',
  'hosts',
);
const record = fc.dictionary(fc.oneof(name, text), value, { maxKeys: 8 });
const TEXTS = ['host', 'url', 'agent', 'reason', 'event', 'id'] as const;
const plain = (each: unknown) => (typeof each === 'string' ? each : '');

describe('LineScan', () => {
  it('finds in any record what a parser of JSON finds, with blanks between or without', () => {
    fc.assert(
      fc.property(record, fc.boolean(), (fields, isSpaced) => {
        const line = isSpaced
          ? JSON.stringify(fields, null, 1).replace(/\n/g, ' ')
          : formatJson(fields);
        const scan = new LineScan();
        expect(scan.stamp(Buffer.from(line))).toBe(false);
        expect(scan.members()).toBe(true);
        for (const each of TEXTS) expect(scan.text(each)).toBe(plain(fields[each]));
        expect(scan.text('url', 0x3f)).toBe(plain(fields.url).split('?')[0]);
        const { requests } = fields;
        expect(scan.number('requests')).toBe(typeof requests === 'number' ? requests : null);
      }),
    );
  });

  it('reads the stamp of a line as others do, and what is behind it', () => {
    for (const ts of [0, 1, 1_767_225_600.12, 1_767_225_600.123_456, 1e9 + 0.1]) {
      const line = logLine({
        event: 'connect_closed',
        id: '3-1-9',
        ts,
        host: 'a.test',
        requests: 2,
      });
      const scan = new LineScan();
      expect(scan.stamp(Buffer.from(line))).toBe(true);
      expect({ ts: scan.ts, event: scan.event, id: scan.id }).toEqual(parseHead(Buffer.from(line)));
      expect(scan.members()).toBe(true);
      expect([scan.text('host'), scan.number('requests')]).toEqual(['a.test', 2]);
    }
  });

  it.each([
    ['a torn line', '{"host":"a.te'],
    ['a line that ends behind a colon', '{"host":'],
    ['half a list', '{"x":[["a"],"host":"b"'],
    ['no object', '["host","a"]'],
    ['nothing', ''],
    ['two values', '{"host":"a" "b"}'],
  ])('%s is no record', (_, line) => {
    const scan = new LineScan();
    scan.stamp(Buffer.from(line));
    expect(scan.members()).toBe(false);
  });

  it('of what leash wrote it looks at nothing behind a copy of a body', () => {
    const scan = new LineScan();
    scan.stamp(
      Buffer.from(logLine({ event: 'allowed', host: 'a.test', req_body: 'x', url: 'late' })),
    );
    scan.members();
    expect([scan.text('host'), scan.text('url')]).toEqual(['a.test', '']);
  });

  it('takes nothing over from the line before', () => {
    const scan = new LineScan();
    scan.stamp(Buffer.from(logLine({ event: 'allowed', agent: 'ci' })));
    scan.members();
    scan.stamp(Buffer.from('{"host":"a.test"}'));
    scan.members();
    expect([scan.event, scan.text('agent'), scan.text('host')]).toEqual(['', '', 'a.test']);
  });
});
