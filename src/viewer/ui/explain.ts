// What a class and a reason mean, in a sentence an operator can act on. Pure.

import type { Row, RowClass } from '../row.ts';

export const CLASS_LABELS: Readonly<Record<RowClass, string>> = {
  allowed: 'Allowed',
  would_block: 'Would block',
  blocked: 'Blocked',
  error: 'Error',
  uninspected: 'Uninspected',
  running: 'Running',
  event: 'Event',
};

const REASONS: ReadonlyMap<string, string> = new Map([
  ['not_in_allowlist', 'No entry of enforce.yaml allows this host and port.'],
  ['path_not_allowed', 'The host is on the allow list, but not with this method and path.'],
  ['in_blocklist', 'An entry of blocklist.yaml blocks it.'],
  [
    'address_not_allowed',
    'The name leads to an address that is not public and that no rule opens.',
  ],
  ['self_connection', 'The request would have reached leash itself.'],
]);

/** One sentence on why this row is what it is; empty when there is nothing to add. */
export function explain(row: Row): string {
  if (row.event === 'revoked') return 'It was under way when a policy change ended it.';
  if (row.class === 'blocked') return REASONS.get(row.reason) ?? '';
  if (row.class === 'would_block') return 'It passed; in enforce mode it would have been blocked.';
  if (row.class === 'uninspected')
    return 'The tunnel was relayed as it is: only bytes were counted.';
  if (row.class === 'running') return 'The request was accepted and has not ended yet.';
  if (row.class !== 'error') return '';
  if (row.reason === 'worker_exit')
    return 'The worker that handled it died; nothing is known beyond this.';
  return row.reason === 'primary_exit' ? 'Leash was ended while it was under way.' : '';
}

/** Why a copy is shorter than the body. */
export const TRUNCATIONS: ReadonlyMap<string, string> = new Map([
  ['limit', 'the limit of one capture was reached'],
  ['content_type', 'bodies of this content type are not copied'],
  ['off', 'copying bodies is switched off'],
  ['backpressure', 'the record could not keep up'],
]);
