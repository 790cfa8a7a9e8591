// What the last record of a forwarded exchange says, from what is known when it ends. Pure.

import type { FlowFields } from '../shared/audit-event.ts';
import { type Allowed, type Exchange, recordedHeaders, roundMs } from './exchange-state.ts';
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

export function outcomeFields(
  exchange: Exchange,
  { decision, policy }: Allowed,
  progress: Progress,
): FlowFields {
  const { answer, upstreamIp, upstreamProto, ttfbMs, reqBytes, resBytes } = progress;
  const { stream, deps } = exchange;
  const { proto } = stream;
  const pairs = (list: RawHeaders) => deps.forRecord.headers(headerPairs(list));
  const trailers = (list: RawHeaders) =>
    trailersFit(list) ? pairs(list) : pairs(['left out', `${listBytes(list)} bytes of trailers`]);
  return {
    status: answer?.status ?? 0,
    bytes: resBytes,
    ...(decision.wouldBlock ? { audit: 'would_block_in_enforce' as const } : {}),
    req_headers: recordedHeaders(exchange),
    ...(answer === null ? {} : { res_headers: pairs(answer.headers) }),
    ...(progress.reqTrailers.length === 0 ? {} : { req_trailers: trailers(progress.reqTrailers) }),
    ...(progress.resTrailers.length === 0 ? {} : { res_trailers: trailers(progress.resTrailers) }),
    proto,
    ...(upstreamProto === null || upstreamProto === proto ? {} : { upstream_proto: upstreamProto }),
    rule: decision.rule,
    policy: policy.version,
    mode: policy.mode ?? '',
    upstream_ip: upstreamIp,
    req_bytes: reqBytes,
    ...(progress.attempts > 1 ? { attempts: progress.attempts } : {}),
    ...(stream.isComplete && progress.isSent ? {} : { req_unfinished: true }),
    ttfb_ms: roundMs(ttfbMs),
    duration_ms: roundMs(deps.now() - exchange.startedMs),
  };
}
