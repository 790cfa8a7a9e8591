// A row of the list for tests of what is made from rows.

import type { Row } from '../../src/viewer/store/row.ts';

/** A request that passed, over these facts. */
export function makeRow(facts: Partial<Row>): Row {
  return {
    at: '1:0',
    seq: 1,
    chained: true,
    id: '1-1-1',
    ts: 1_700_000_000,
    event: 'allowed',
    class: 'allowed',
    would_block: false,
    client: '10.0.0.5',
    agent: '',
    host: 'a.test',
    port: 443,
    method: 'GET',
    url: 'https://a.test/',
    status: 200,
    reason: '',
    rule: '',
    bytes: 10,
    req_bytes: 1,
    duration_ms: 1,
    summary: '',
    ...facts,
  };
}
