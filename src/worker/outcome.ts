// What the last record of a forwarded exchange says, from what is known when it ends. Pure.

import type { HeaderPairs } from '../shared/audit-event.ts';
import type { WorkerDeps } from './deps.ts';
import { type Allowed, type Exchange, recordedHeaders, roundMs } from './exchange-state.ts';
import type { EndFields } from './flow.ts';
import { headerPairs, listBytes, type RawHeaders } from './http/header-list.ts';
import { trailersFit } from './http/http-message.ts';

export type Progress = {
  /** Null: the upstream did not answer. */
  readonly answer: { readonly status: number; readonly headers: RawHeaders } | null;
  /** Empty: no connection was made. */
  readonly upstreamIp: string;
  /** What the upstream speaks; null: no connection was made. */
  readonly upstreamProto: 'h1' | 'h2' | null;
  /** As received. */
  readonly reqTrailers: RawHeaders;
  readonly resTrailers: RawHeaders;
  readonly ttfbMs: number;
  readonly reqBytes: number;
  readonly resBytes: number;
  /** How often the request was sent. */
  readonly attempts: number;
  /** The whole request was handed on. */
  readonly isSent: boolean;
};

/** All members are always there: an object of one shape, which callers may complete. */
export function outcomeFields(
  exchange: Exchange,
  { decision, policy }: Allowed,
  progress: Progress,
): EndFields {
  const { answer, upstreamIp, upstreamProto, ttfbMs, reqBytes, resBytes, attempts } = progress;
  const { stream, deps } = exchange;
  const { proto } = stream;
  return {
    status: answer?.status ?? 0,
    bytes: resBytes,
    audit: decision.wouldBlock ? 'would_block_in_enforce' : undefined,
    req_headers: recordedHeaders(exchange),
    res_headers: answer === null ? undefined : pairsOf(answer.headers, deps),
    req_trailers: trailersOf(progress.reqTrailers, deps),
    res_trailers: trailersOf(progress.resTrailers, deps),
    proto,
    upstream_proto: upstreamProto === null || upstreamProto === proto ? undefined : upstreamProto,
    reason: '',
    rule: decision.rule,
    policy: policy.version,
    mode: policy.mode ?? '',
    upstream_ip: upstreamIp,
    req_bytes: reqBytes,
    attempts: attempts > 1 ? attempts : undefined,
    req_unfinished: stream.isComplete && progress.isSent ? undefined : true,
    ttfb_ms: roundMs(ttfbMs),
    duration_ms: roundMs(deps.now() - exchange.startedMs),
  };
}

function pairsOf(list: RawHeaders, { forRecord }: WorkerDeps): HeaderPairs {
  return forRecord.headers(headerPairs(list));
}

function trailersOf(list: RawHeaders, deps: WorkerDeps): HeaderPairs | undefined {
  if (list.length === 0) return undefined;
  if (trailersFit(list)) return pairsOf(list, deps);
  return pairsOf(['left out', `${listBytes(list)} bytes of trailers`], deps);
}
