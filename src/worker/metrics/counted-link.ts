// Counts what ends, as it leaves for the record: so what `/metrics` says and what the record says are
// the same thing. One addition or a few per request, no text. Knows records, nothing of their way.

import type { FlowEvent, FlowFields } from '../../shared/audit-event.ts';
import { REQUEST_CLASSES, TUNNEL_CLASSES, type WorkerMeter } from '../../shared/metric-tables.ts';
import type { PrimaryLink } from '../primary-link.ts';

/** The same link; what passes it is counted. */
export function countedLink(link: PrimaryLink, meter: WorkerMeter): PrimaryLink {
  return {
    ...link,
    record(event, flow, fields, identity, copied) {
      const isSent = link.record(event, flow, fields, identity, copied);
      if (isSent) countRecord(meter, event, fields, identity?.method);
      return isSent;
    },
  };
}

/** Counts a record that ends a tunnel or a request; of others nothing. */
function countRecord(
  meter: WorkerMeter,
  event: FlowEvent,
  fields: FlowFields,
  method: string | undefined,
): void {
  switch (event) {
    case 'connect_closed':
      meter.add('tunnels', 1, TUNNEL_CLASSES.indexOf('closed'));
      return;
    case 'uninspected':
      meter.add('tunnels', 1, TUNNEL_CLASSES.indexOf('uninspected'));
      return;
    case 'allowed':
      countRequest(meter, fields.audit === undefined ? 'allowed' : 'would_block', fields);
      return;
    case 'blocked':
    case 'error':
    case 'revoked':
      if (method === 'CONNECT') meter.add('tunnels', 1, TUNNEL_CLASSES.indexOf(event));
      else countRequest(meter, event, fields);
  }
}

function countRequest(
  meter: WorkerMeter,
  kind: (typeof REQUEST_CLASSES)[number],
  fields: FlowFields,
): void {
  meter.add('requests', 1, REQUEST_CLASSES.indexOf(kind));
  if (fields.req_bytes !== undefined) meter.add('requestBytes', fields.req_bytes, 0);
  if (fields.bytes !== undefined) meter.add('requestBytes', fields.bytes, 1);
  // 0: there was no answer.
  if (fields.ttfb_ms !== undefined && fields.ttfb_ms > 0) {
    meter.observe('ttfb', fields.ttfb_ms / 1000);
  }
  if (kind !== 'blocked' && fields.duration_ms !== undefined) {
    meter.observe('duration', fields.duration_ms / 1000);
  }
}
