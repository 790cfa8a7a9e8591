// What the steps of one exchange share, and the one way to say no to it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FlowFields, HeaderPairs, Truncation } from '../shared/audit-event.ts';
import type { NormalPath, Target } from '../shared/host.ts';
import { LIMITS } from '../shared/limits.ts';
import type { Decision, Policy } from '../shared/policy.ts';
import type { WorkerDeps } from './deps.ts';
import type { Flow } from './flow.ts';
import { Capture } from './http/capture.ts';
import { codingOf } from './http/content-coding.ts';
import { type RawHeaders, valuesOf, withoutCredential } from './http/header-list.ts';
import { formatRefusal, type RefusalMessage } from './http/refusal.ts';
import type { RequestHead } from './http/request-head.ts';
import type { Asked, Shown } from './judge.ts';

/** The tunnel a request came through; null where it was sent to the proxy itself. */
export type TunnelContext = {
  readonly id: string;
  readonly target: Target;
  readonly scheme: 'http' | 'https';
  /** What the client showed with its CONNECT; it holds for the requests inside. */
  readonly credential: Shown;
  /** Requests seen so far, for the tunnel's own record. */
  requests: number;
};

/** What the steps of one exchange share. */
export type Exchange = {
  readonly deps: WorkerDeps;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly client: string;
  readonly tunnel: TunnelContext | null;
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
  readonly sent?: { readonly fields: FlowFields; readonly captures: readonly Capture[] };
};

/** Answers with a refusal and ends the flow with `blocked` (leash said no) or `error` (a failure). */
export function refuse(exchange: Exchange, input: RefuseInput): void {
  const { request, response, flow, deps } = exchange;
  const { status, reason, policy, decision } = input;
  const failed = status === 502 || status === 504;
  const fields: FlowFields = {
    status,
    ...(failed ? {} : { stage: 'request' as const }),
    reason,
    ...(input.otherHost === undefined ? {} : { other_host: input.otherHost }),
    ...(decision === undefined ? {} : { rule: decision.rule }),
    ...(failed && decision?.wouldBlock ? { audit: 'would_block_in_enforce' as const } : {}),
    policy: policy.version,
    mode: policy.mode ?? '',
    req_headers: recordedHeaders(exchange),
    duration_ms: roundMs(deps.now() - exchange.startedMs),
    ...input.sent?.fields,
  };
  flow.end(failed ? 'error' : 'blocked', fields, input.sent?.captures);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const rule = decision?.rule ?? '';
  const { headers, body } = refusalText(exchange, { status, reason, policy, rule });
  // A body that was not read would stand in front of the next request.
  const bodyless = !announcesBody(request.rawHeaders);
  const keep = bodyless && status !== 400 && status !== 431 && !deps.draining();
  // The listener serves nothing behind such an answer.
  if (!keep) response.shouldKeepAlive = false;
  response.writeHead(status, keep ? headers : [...headers, 'Connection', 'close']);
  if (bodyless) response.end(body);
  else endAfterBody(exchange, body);
}

/** The client reads the refusal only if its upload is not answered with a reset: read on a little. */
function endAfterBody({ request, response }: Exchange, body: string): void {
  response.write(body);
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LIMITS.lingerMs);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}

function announcesBody(headers: RawHeaders): boolean {
  const length = valuesOf(headers, 'content-length')[0] ?? '0';
  return length !== '0' || valuesOf(headers, 'transfer-encoding').length > 0;
}

type RefusalInput = {
  readonly status: number;
  readonly reason: string;
  readonly policy: Policy;
  readonly rule: string;
};

/** Headers and body that tell this client that leash refuses, and why. */
export function refusalText(exchange: Exchange, input: RefusalInput): RefusalMessage {
  const { request, flow } = exchange;
  const { status, reason, policy, rule } = input;
  return formatRefusal(
    {
      status,
      reason,
      id: flow.id,
      host: flow.identity.host ?? '',
      port: flow.identity.port ?? 0,
      method: request.method ?? '',
      path: pathOf(request.url ?? ''),
      mode: policy.mode ?? '',
      rule,
    },
    valuesOf(request.rawHeaders, 'accept').join(','),
  );
}

/** Path and query of a request target in any form. */
function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
}

/** What is copied of one direction of an exchange. */
type CaptureInput = {
  readonly dir: 'req' | 'res';
  /** Of the message whose body it is. */
  readonly headers: RawHeaders;
  /** Why nothing is copied, or null. */
  readonly skip: Truncation | null;
};

/** The tap on one direction. A timer looks at it until `forgetCaptures`. */
export function openCapture({ deps, flow, client }: Exchange, input: CaptureInput): Capture {
  const { dir, headers, skip } = input;
  const { capture: mode, captureLimitBytes: limitBytes } = deps.config;
  const capture = new Capture({
    dir,
    limitBytes,
    coding: skip === null ? codingOf(mode, headers) : null,
    decoderLoad: deps.decoderLoad,
    skip,
    mustCut: () => deps.link.mustCut(client),
    emitPart: (fields) => flow.part(fields),
    now: deps.now,
  });
  deps.captures.add(capture);
  return capture;
}

/** Call when the flow has ended. A drain waits for those whose record is not written yet. */
export function forgetCaptures({ deps, flow }: Exchange, captures: readonly Capture[]): void {
  const forget = () => {
    for (const capture of captures) deps.captures.delete(capture);
  };
  if (flow.pending === null) forget();
  else void flow.pending.then(forget);
}

/** What the policy is asked about this exchange. */
export function askOf(exchange: Exchange, asked: Pick<Allowed, 'head' | 'path'>): Asked {
  const { client, credential, request } = exchange;
  const { path, ambiguous } = asked.path;
  const method = request.method ?? '';
  const { target } = asked.head;
  return { stage: 'request', target, client, credential, method, path, ambiguous };
}

/** The head as received; but a credential that was meant for leash is not for the record. */
export function recordedHeaders({ request, deps }: Exchange): HeaderPairs {
  return deps.forRecord.headers(withoutCredential(request.rawHeaders));
}

/** Milliseconds with three decimals: what a record needs, and no float noise. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
