// The first records of a segment: whose log it is, and which flows were open when it began, so that
// a reader of this segment alone, and the start after a crash, know them. No I/O.

import { MAX_RECORD_BYTES, SCHEMA_VERSION } from '../../shared/audit-event.ts';
import { formatMembers } from '../../shared/audit-line.ts';

export type HeaderFacts = {
  readonly hostId: string;
  readonly epoch: number;
  readonly number: number;
  /** Flows of the segment before may be open that are not listed: a crash, and nobody has looked yet. */
  readonly unsettled: boolean;
  /** One JSON object per flow. */
  readonly flows: Iterable<string>;
};

/** Room for the stamp and the brackets stays free. */
const HEADER_BYTES = MAX_RECORD_BYTES - 1024;

/** The members of the first record, and of further ones where the open flows do not fit into one. */
export function* segmentHeaders(facts: HeaderFacts): Generator<string> {
  const start = formatMembers({
    schema: SCHEMA_VERSION,
    host_id: facts.hostId,
    epoch: facts.epoch,
    number: facts.number,
    ...(facts.unsettled ? { unsettled: true } : {}),
  });
  let open: string[] = [];
  let bytes = start.length;
  for (const flow of facts.flows) {
    const more = Buffer.byteLength(flow) + 1;
    if (bytes + more > HEADER_BYTES) {
      yield `${start},"open":[${open.join(',')}]`;
      open = [];
      bytes = start.length;
    }
    open.push(flow);
    bytes += more;
  }
  yield open.length === 0 ? start : `${start},"open":[${open.join(',')}]`;
}
