// A row of the log → what was asked, so that `decide` can be asked again under another policy. Pure.

import { parseAbsoluteUri, parseAuthority, parsePath } from '../../shared/host.ts';
import { type Ask, type Decision, decide, type Policy } from '../../shared/policy.ts';
import type { Row } from '../store/row.ts';

/** Refusals that are the policy's; all others stand whatever the lists say. */
const OF_POLICY: ReadonlySet<string> = new Set([
  'not_in_allowlist',
  'path_not_allowed',
  'in_blocklist',
  'no_policy',
]);
const CLASSES: ReadonlySet<string> = new Set(['allowed', 'would_block', 'blocked', 'running']);

/**
 * What this row asked; null: it is no request, or was refused for what no rule changes. At a CONNECT
 * that was refused nothing but host and port is known.
 */
export function askOf(row: Row, nowMs: number): Ask | null {
  if (row.host === '' || row.port === null || row.event === 'websocket') return null;
  const isUninspected = row.class === 'uninspected';
  if (!isUninspected && !CLASSES.has(row.class)) return null;
  if (row.class === 'blocked' && !OF_POLICY.has(row.reason) && !isAddress(row)) return null;
  const host = row.host.includes(':') ? `[${row.host}]` : row.host;
  const target = parseAuthority(`${host}:${row.port}`, null);
  if ('problem' in target) return null;
  const ask = { target, agent: row.agent, nowMs };
  if (isUninspected) return { ...ask, stage: 'tunnel' };
  if (row.method === 'CONNECT' && !/^https?:/i.test(row.url)) return { ...ask, stage: 'connect' };
  const path = pathOf(row.url);
  if (path === null) return null;
  return { ...ask, stage: 'request', method: row.method, ...path };
}

/** Path of an absolute URL in normal form; null where it is none. */
export function pathOf(url: string) {
  const uri = parseAbsoluteUri(url);
  if ('problem' in uri) return null;
  const path = parsePath(uri.path);
  return 'problem' in path ? null : path;
}

/** What a policy says to the ask of a row, the rule on private addresses included. */
export function decideRow(
  policy: Policy,
  row: Row,
  ask: Ask,
): Decision & { readonly passes: boolean } {
  const decision = decide(policy, ask);
  // The name led to an address that only these open; where it leads today nobody asks here.
  const closed = isAddress(row) && !decision.privateRule && !decision.literalRule;
  return { ...decision, passes: decision.allow && !closed };
}

function isAddress(row: Row): boolean {
  return row.class === 'blocked' && row.reason === 'address_not_allowed';
}
