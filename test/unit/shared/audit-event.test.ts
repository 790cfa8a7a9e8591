import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  endsFlow,
  FLOW_EVENTS,
  FLOW_FIELD_NAMES,
  MAX_RECORD_BYTES,
  OPENING_EVENTS,
  opensFlow,
  PRIMARY_EVENTS,
  SCHEMA_VERSION,
  TERMINAL_EVENTS,
} from '../../../src/shared/audit-event.ts';
import { checkRecord } from '../../support/check-record.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/event.schema.json', import.meta.url), 'utf8'),
);
const stop = { seq: 1, prev: '0'.repeat(64), ts: 1.5, event: 'stop', id: '1-0-1', reason: 'x' };

describe('the published schema', () => {
  it('names each event and each field that a worker may set', () => {
    expect(schema.properties.event.enum).toEqual([...FLOW_EVENTS, ...PRIMARY_EVENTS]);
    const unknown = [...FLOW_FIELD_NAMES].filter((name) => !(name in schema.properties));
    expect(unknown).toEqual([]);
    expect(schema.properties.schema.const).toBe(SCHEMA_VERSION);
  });

  it('says for each event of a flow which fields it has', () => {
    const ruled = schema.allOf.map(
      (rule: { if: { properties: { event: { const: string } } } }) =>
        rule.if.properties.event.const,
    );
    expect(FLOW_EVENTS.filter((event) => !ruled.includes(event))).toEqual([]);
  });

  it.each([
    ['a number that is missing', { seq: undefined }],
    ['an unknown event', { event: 'hello' }],
    ['an unknown field', { hello: 1 }],
    ['a field of another event', { status: 200 }],
    ['a field that is missing', { reason: undefined }],
    ['a hash in upper case', { prev: 'A'.repeat(64) }],
    ['a number that is zero', { seq: 0 }],
  ])('refuses %s', (_name, change) => {
    expect(checkRecord(stop)).toEqual([]);
    const record = Object.fromEntries(
      Object.entries({ ...stop, ...change }).filter(([, value]) => value !== undefined),
    );
    expect(checkRecord(record)).not.toEqual([]);
  });
});

describe('events', () => {
  it('an opening event ends nothing, a terminal one opens nothing', () => {
    expect([...OPENING_EVENTS].filter(endsFlow)).toEqual([]);
    expect([...TERMINAL_EVENTS].filter(opensFlow)).toEqual([]);
    expect([...OPENING_EVENTS].every(opensFlow)).toBe(true);
    expect([...TERMINAL_EVENTS].every(endsFlow)).toBe(true);
    expect(['part', 'websocket', undefined, 3].some((event) => opensFlow(event))).toBe(false);
    expect(['part', 'websocket', undefined, 3].some((event) => endsFlow(event))).toBe(false);
  });

  it('a record fits into a frame of the pipe', () => {
    expect(MAX_RECORD_BYTES).toBe(262_144);
  });
});
