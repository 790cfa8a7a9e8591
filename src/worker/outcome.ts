// What the last record of a forwarded exchange says, from what is known when it ends. Pure.

import type { FlowFields } from '../shared/audit-event.ts';
import { type Allowed, type Exchange, recordedHeaders, roundMs } from './exchange-state.ts';
import { headerPairs, type RawHeaders } from './http/header-list.ts';

export type Progress = {
  /** Null: the upstream did not answer. */
  readonly answer: { readonly status: number; readonly headers: RawHeaders } | null;
  /** Empty: no connection was made. */
  readonly upstreamIp: string;
  readonly ttfbMs: number;
  readonly reqBytes: number;
  readonly resBytes: number;
  /** How often the request was sent. */
  readonly attempts: number;
};

export function outcomeFields(
  exchange: Exchange,
  { decision, policy }: Allowed,
  progress: Progress,
): FlowFields {
  const { answer, upstreamIp, ttfbMs, reqBytes, resBytes } = progress;
  return {
    status: answer?.status ?? 0,
    bytes: resBytes,
    ...(decision.wouldBlock ? { audit: 'would_block_in_enforce' as const } : {}),
    req_headers: recordedHeaders(exchange),
    ...(answer === null
      ? {}
      : { res_headers: exchange.deps.forRecord.headers(headerPairs(answer.headers)) }),
    proto: 'h1',
    rule: decision.rule,
    policy: policy.version,
    mode: policy.mode ?? '',
    upstream_ip: upstreamIp,
    req_bytes: reqBytes,
    ...(progress.attempts > 1 ? { attempts: progress.attempts } : {}),
    ...(exchange.request.complete ? {} : { req_unfinished: true }),
    ttfb_ms: roundMs(ttfbMs),
    duration_ms: roundMs(exchange.deps.now() - exchange.startedMs),
  };
}
