import { describe, expect, it } from 'vitest';
import { QUERY_CLASSES } from '../../../../src/shared/query.ts';
import { type Row, toRow } from '../../../../src/viewer/store/row.ts';
import { CLASS_LABELS, explain, TRUNCATIONS } from '../../../../src/viewer/ui/kit/explain.ts';

const row = (record: Record<string, unknown>) => toRow(record, '1:0') as Row;

describe('explain()', () => {
  it.each([
    [{ event: 'blocked', reason: 'not_in_allowlist' }, /enforce\.yaml/],
    [{ event: 'blocked', reason: 'path_not_allowed' }, /method and path/],
    [{ event: 'blocked', reason: 'in_blocklist' }, /blocklist\.yaml/],
    [{ event: 'blocked', reason: 'address_not_allowed' }, /not public/],
    [{ event: 'blocked', reason: 'self_connection' }, /leash itself/],
    [{ event: 'revoked', reason: 'in_blocklist' }, /policy change/],
    [{ event: 'allowed', audit: 'would_block_in_enforce' }, /would have been blocked/],
    [{ event: 'uninspected' }, /only bytes/],
    [{ event: 'intent' }, /not ended yet/],
    [{ event: 'error', reason: 'worker_exit' }, /worker .* died/],
    [{ event: 'error', reason: 'dns: ENOTFOUND' }, /not be resolved/],
    [{ event: 'error', reason: 'proxy: connect: ECONNREFUSED' }, /upstream proxy/],
    [{ event: 'error', reason: 'tls_client: closed: early' }, /trust the CA/],
    [{ event: 'blocked', reason: 'malformed: two_host_headers' }, /same way/],
    [{ event: 'log_recovered', reason: 'damaged' }, /leashctl verify/],
    [{ event: 'log_recovered', reason: 'gone' }, /leashctl verify/],
    [{ event: 'error', reason: 'primary_exit' }, /was ended/],
  ])('explain() says why of %j', (record, sentence) => {
    expect(explain(row(record))).toMatch(sentence);
  });

  it.each([
    { event: 'allowed' },
    { event: 'log_recovered', reason: 'torn_tail' },
    { event: 'stop', reason: 'in_blocklist' },
    { event: 'error', reason: '' },
    { event: 'error', reason: 'something: else' },
    { event: 'blocked', reason: 'of_a_later_version' },
    { event: 'blocked', reason: 'constructor' },
  ])('explain() adds nothing to %j', (record) => expect(explain(row(record))).toBe(''));

  it('explain() has a label for each class', () => {
    expect(Object.keys(CLASS_LABELS).sort()).toEqual([...QUERY_CLASSES].sort());
  });

  it('explain() has words for each reason why a copy is shorter', () => {
    const marks = ['limit', 'content_type', 'off', 'undecodable', 'backpressure', 'client_log'];
    expect([...TRUNCATIONS.keys()].sort()).toEqual([...marks, 'record_full'].sort());
  });
});
