// A request of the record → what was asked, so that `decide` can be asked again under another policy:
// the one place that says which records can be judged again, and as what. Pure.

import { parseAbsoluteUri, parseAuthority, parsePath } from '../../shared/host.ts';
import { type Ask, type Decision, decide, type Policy } from '../../shared/policy.ts';
import type { Row } from '../store/row.ts';

/** What must be known of a record for that. */
export type Recorded = Pick<
  Row,
  'host' | 'port' | 'agent' | 'method' | 'url' | 'event' | 'class' | 'reason'
>;

/** A decision of today on a request of then. */
export type Judgement = Omit<Decision, 'reason'> & {
  /** It is allowed, and the address that refused it then is open now. */
  readonly passes: boolean;
  readonly reason: Decision['reason'] | typeof ADDRESS;
};

const ADDRESS = 'address_not_allowed';
/** What the allow list refuses in enforce mode. */
const OF_ALLOW_LIST = ['not_in_allowlist', 'path_not_allowed'];
/** Refusals that are the policy's; all others stand whatever the lists say. */
const OF_POLICY: ReadonlySet<string> = new Set([
  ...OF_ALLOW_LIST,
  'in_blocklist',
  'no_policy',
  ADDRESS,
]);
/** An error came after the decision: what it asked was let pass. */
const CLASSES: ReadonlySet<string> = new Set([
  'allowed',
  'would_block',
  'blocked',
  'running',
  'error',
]);

/**
 * What this record asked; null: it is no request, or was refused for what no rule changes. At a CONNECT
 * that was refused nothing but host and port is known.
 */
export function askOf(row: Recorded, nowMs: number): Ask | null {
  if (row.host === '' || row.port === null || row.event === 'websocket') return null;
  const isUninspected = row.class === 'uninspected';
  if (!isUninspected && !CLASSES.has(row.class)) return null;
  if (isRefusedOtherwise(row)) return null;
  const host = row.host.includes(':') ? `[${row.host}]` : row.host;
  const target = parseAuthority(`${host}:${row.port}`, null);
  if ('problem' in target) return null;
  const ask = { target, agent: row.agent, nowMs };
  if (isUninspected) return { ...ask, stage: 'tunnel' };
  if (row.method === 'CONNECT' && !/^https?:/i.test(row.url)) return { ...ask, stage: 'connect' };
  const path = parsePath(sentPath(row.url));
  if ('problem' in path) return null;
  return { ...ask, stage: 'request', method: row.method, ...path };
}

/** Path and query of an absolute URL as they were sent; empty where it is none. */
export function sentPath(url: string): string {
  const uri = parseAbsoluteUri(url);
  return 'problem' in uri ? '' : uri.path;
}

/** What a policy says to the ask of a record, the rule on private addresses included. */
export function decideAgain(policy: Policy, row: Recorded, ask: Ask): Judgement {
  const decision = decide(policy, ask);
  // The name led to an address that only these open; where it leads today nobody asks here.
  const isClosed = isOfAddress(row) && !decision.privateRule && !decision.literalRule;
  const reason = decision.allow && isClosed ? ADDRESS : decision.reason;
  return { ...decision, reason, passes: decision.allow && !isClosed };
}

/** Whether it was refused for the address that its name led to. */
export function isOfAddress({ reason }: Recorded): boolean {
  return reason === ADDRESS;
}

/** Whether the allow list refused it. */
export function isOfAllowList(row: Recorded): boolean {
  return row.class === 'blocked' && OF_ALLOW_LIST.includes(row.reason);
}

/** Whether it was refused for what no rule changes: it would be today, too. */
export function isRefusedOtherwise(row: Recorded): boolean {
  return row.class === 'blocked' && !OF_POLICY.has(row.reason);
}
