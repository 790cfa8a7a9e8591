// What the steps of one exchange share, and the one way to say no to it.

import type { HeaderPairs } from '../shared/audit-event.ts';
import type { NormalPath, Target } from '../shared/host.ts';
import type { Decision, Policy } from '../shared/policy.ts';
import type { WorkerDeps } from './deps.ts';
import type { EndFields, Flow } from './flow.ts';
import type { Capture } from './http/capture.ts';
import type { ClientStream } from './http/client-stream.ts';
import { valuesOf, withoutCredential } from './http/header-list.ts';
import { formatRefusal, type RefusalMessage } from './http/refusal.ts';
import type { RequestHead } from './http/request-head.ts';
import type { Asked, Shown } from './judge.ts';
import type { RunningCount } from './running-count.ts';

/** The tunnel a request came through; null where it was sent to the proxy itself. */
export type TunnelContext = {
  readonly id: string;
  readonly target: Target;
  readonly scheme: 'http' | 'https';
  /** What the client showed with its CONNECT; it holds for the requests inside. */
  readonly credential: Shown;
  /** Requests seen so far, for the tunnel's own record. */
  requests: number;
  /** Those that run: the tunnel's record comes after theirs. */
  readonly running: RunningCount;
  /** Why its connection was ended, where its HTTP/2 was broken; '' otherwise. */
  problem: string;
};

/** What the steps of one exchange share. */
export type Exchange = {
  readonly deps: WorkerDeps;
  readonly stream: ClientStream;
  readonly client: string;
  readonly tunnel: TunnelContext | null;
  /** `host:port` by which the client reached the proxy. */
  readonly local: string;
  readonly credential: Shown;
  readonly flow: Flow;
  readonly startedMs: number;
};

export type RequestPath = { readonly path: NormalPath; readonly ambiguous: boolean };

/** An allowed request: what was checked, and is therefore what is used. */
export type Allowed = {
  readonly head: RequestHead;
  readonly path: RequestPath;
  readonly agent: string;
  readonly decision: Decision;
  readonly policy: Policy;
};

export type RefuseInput = {
  readonly status: number;
  readonly reason: string;
  readonly policy: Policy;
  readonly decision?: Decision;
  readonly otherHost?: string;
  /** What is known of a request that was on its way when it failed. */
  readonly sent?: { readonly fields: EndFields; readonly captures: readonly Capture[] };
};

/** Answers with a refusal and ends the flow with `blocked` (leash said no) or `error` (a failure). */
export function refuse(exchange: Exchange, input: RefuseInput): void {
  const { stream, flow, deps } = exchange;
  const { status, reason, policy, decision } = input;
  const failed = status === 502 || status === 504;
  const fields: EndFields = {
    status,
    ...(failed ? {} : { stage: 'request' as const }),
    reason,
    ...(input.otherHost === undefined ? {} : { other_host: input.otherHost }),
    ...(decision === undefined ? {} : { rule: decision.rule }),
    ...(failed && decision?.wouldBlock ? { audit: 'would_block_in_enforce' as const } : {}),
    policy: policy.version,
    mode: policy.mode ?? '',
    ...(stream.proto === 'h1' ? {} : { proto: stream.proto }),
    req_headers: recordedHeaders(exchange),
    duration_ms: roundMs(deps.now() - exchange.startedMs),
    ...input.sent?.fields,
  };
  flow.end(failed ? 'error' : 'blocked', fields, input.sent?.captures);
  if (stream.isAnswered) {
    stream.abort();
    return;
  }
  const rule = decision?.rule ?? '';
  const mayKeep = status !== 400 && status !== 417 && status !== 431 && !deps.draining();
  stream.refuse({ status, ...refusalText(exchange, { status, reason, policy, rule }), mayKeep });
}

/** What was let pass is denied now: the client hears it, where the answer has not begun. */
export function sayDenied(
  exchange: Exchange,
  policy: Policy,
  denial: { readonly reason: string; readonly rule: string },
): void {
  const { stream } = exchange;
  if (stream.isAnswered) return;
  const text = refusalText(exchange, { status: 403, policy, ...denial });
  stream.refuse({ status: 403, ...text, mayKeep: false });
}

type RefusalInput = {
  readonly status: number;
  readonly reason: string;
  readonly policy: Policy;
  readonly rule: string;
};

/** Headers and body that tell this client that leash refuses, and why. */
function refusalText(exchange: Exchange, input: RefusalInput): RefusalMessage {
  const { stream, flow } = exchange;
  const { method, url, headers } = stream.line;
  const { status, reason, policy, rule } = input;
  return formatRefusal(
    {
      status,
      reason,
      id: flow.id,
      host: flow.identity.host ?? '',
      port: flow.identity.port ?? 0,
      method,
      path: pathOf(url),
      mode: policy.mode ?? '',
      rule,
    },
    valuesOf(headers, 'accept').join(','),
  );
}

/** Path and query of a request target in any form. */
function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
}

/** Why the client's connection is gone. */
export function goneReason({ stream, deps }: Exchange): string {
  if (deps.draining()) return 'shutdown';
  return stream.isComplete
    ? 'client: closed before the response ended'
    : 'client: closed before the request ended';
}

/** What the policy is asked about this exchange. */
export function askOf(exchange: Exchange, asked: Pick<Allowed, 'head' | 'path'>): Asked {
  const { client, credential, stream } = exchange;
  const { path, ambiguous } = asked.path;
  const { method } = stream.line;
  const { target } = asked.head;
  return { stage: 'request', target, client, credential, method, path, ambiguous };
}

/** The head as received; but a credential that was meant for leash is not for the record. */
export function recordedHeaders({ stream, deps }: Exchange): HeaderPairs {
  return deps.forRecord.headers(withoutCredential(stream.line.headers));
}

/** Milliseconds with three decimals: what a record needs, and no float noise. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
