// A row of the list for tests of what is made from rows.

import { EMPTY_ROW, type Row } from '../../src/viewer/store/row.ts';

/** A request that passed, over these facts. */
export function makeRow(facts: Partial<Row>): Row {
  return {
    ...EMPTY_ROW,
    seq: 1,
    id: '1-1-1',
    ts: 1_700_000_000,
    event: 'allowed',
    class: 'allowed',
    client: '10.0.0.5',
    host: 'a.test',
    port: 443,
    method: 'GET',
    url: 'https://a.test/',
    status: 200,
    bytes: 10,
    req_bytes: 1,
    duration_ms: 1,
    ...facts,
  };
}
