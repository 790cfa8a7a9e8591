// What a class and a reason mean, in a sentence an operator can act on. Pure.

import type { Row, RowClass } from '../../store/row.ts';

export const CLASS_LABELS: Readonly<Record<RowClass, string>> = {
  allowed: 'Allowed',
  would_block: 'Would block',
  blocked: 'Blocked',
  error: 'Error',
  uninspected: 'Uninspected',
  running: 'Running',
  event: 'Event',
  damaged: 'Damaged',
};

/** Whether a row tells of leash itself, and of no request. */
export function isOfLeash(row: Row): boolean {
  return row.class === 'event' || row.class === 'damaged';
}

/** By the reason of the record, or by what stands before its colon. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['not_in_allowlist', 'No entry of enforce.yaml allows this host and port.'],
  ['path_not_allowed', 'The host is on the allow list, but not with this method and path.'],
  ['in_blocklist', 'An entry of blocklist.yaml blocks it.'],
  [
    'address_not_allowed',
    'The name leads to an address that is not public and that no rule opens.',
  ],
  ['internal_port', 'leash.internal is leash itself: it answers at ports 80 and 443 only.'],
  ['self_connection', 'The request would have reached leash itself.'],
  ['no_policy', 'No policy is loaded, so everything is denied.'],
  ['sni_mismatch', 'The name in the TLS handshake is not the one of the tunnel.'],
  ['host_mismatch', 'The Host header does not name the host of the tunnel.'],
  ['uri_mismatch', 'The address in the request line does not name the host of the tunnel.'],
  ['plain_http_on_443', 'Port 443 is for TLS; what came was HTTP in the open.'],
  ['unknown_protocol', 'What came through the tunnel was neither TLS nor HTTP/1.'],
  ['inspection_required', 'network.yaml does not list it any more, so it has to be inspected.'],
  ['identity_required', 'The client is no known agent, and agents.yaml requires one.'],
  ['identity_unknown', 'The name or the token that the client showed is wrong.'],
  ['malformed', 'Servers would not all read this request in the same way.'],
  ['head_too_large', 'The head of the request is longer than leash forwards.'],
  ['too_many_headers', 'The request has more headers than leash forwards.'],
  ['audit_unavailable', 'The record could not be written, and nothing passes unrecorded.'],
  ['record', 'Not even its last record had room, so it was cut off.'],
  ['overload', 'Leash had more to record than it could hold.'],
  ['client_tunnels', 'This client has as many tunnels open as one client may have.'],
  ['client_log', 'This client has used up its share of the record; it is paid for with time.'],
  ['worker_tunnels', 'The worker has as many tunnels open as it may have.'],
  ['client_mints', 'This client asked for certificates of new names too quickly.'],
  ['worker_exit', 'The worker that handled it died; nothing is known beyond this.'],
  ['primary_exit', 'Leash was ended while it was under way.'],
  ['shutdown', 'Leash was stopped while it was under way.'],
  ['upstream', 'The upstream broke off, or sent what is no answer: the copy may be a part of it.'],
  ['dns', 'The name could not be resolved.'],
  ['proxy', 'The upstream proxy could not be reached, or refused: LEASH_UPSTREAM_PROXY.'],
  ['connect', 'No connection to the upstream could be made.'],
  ['tls_server', 'The TLS handshake with the upstream failed, or its certificate is not trusted.'],
  ['tls_client', 'The TLS handshake with the client failed: does it trust the CA of leash?'],
  ['client', 'The client went away, or sent something that is no request.'],
]);

/** One sentence on why this row is what it is; empty when there is nothing to add. */
export function explain(row: Row): string {
  if (row.event === 'revoked') {
    return `It was under way when a policy change ended it. ${reasonOf(row)}`.trimEnd();
  }
  if (row.class === 'would_block') return 'It passed; in enforce mode it would have been blocked.';
  if (row.class === 'uninspected')
    return 'The tunnel was relayed as it is: only bytes were counted.';
  if (row.class === 'running') return 'The request was accepted and has not ended yet.';
  if (row.class === 'damaged') {
    return 'The record itself is not what was written. leashctl verify says what of it still holds.';
  }
  if (row.class !== 'blocked' && row.class !== 'error') return '';
  return reasonOf(row);
}

function reasonOf(row: Row): string {
  return REASONS.get(row.reason) ?? REASONS.get(row.reason.split(':')[0] ?? '') ?? '';
}

/** What a line of the original's file is not. */
export const UNCHAINED =
  'From the file of the original, before leash: no hash links this line to the others, and nothing shows whether it was changed.';

/** Why a copy is shorter than the body. */
export const TRUNCATIONS: ReadonlyMap<string, string> = new Map([
  ['limit', 'the limit of one capture was reached'],
  ['content_type', 'bodies of this content type are not copied'],
  ['off', 'copying bodies is switched off'],
  ['undecodable', 'what follows is not coded as its label says, or becomes too long'],
  ['backpressure', 'the record could not keep up'],
  ['record_full', 'the disk under the record was nearly full'],
  ['client_log', 'the share of the record that this client has was used up'],
]);
