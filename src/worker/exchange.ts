// One request and its response, from the parsed head to the terminal record. The ladder of
// `handleExchange` is the life of a request; each step that fails ends it with one refusal and one
// record.
//
// Invariant: no request byte leaves before the primary has the intent on the log.
// Invariant: CONNECT target, SNI, Host and absolute URI agree, or the request is refused.

import type { FlowIdentity } from '../shared/audit-event.ts';
import { INTERNAL_HOST, parsePath, type Target } from '../shared/host.ts';
import type { WorkerDeps } from './deps.ts';
import {
  type Allowed,
  askOf,
  type Exchange,
  type RequestPath,
  refuse,
  type TunnelContext,
} from './exchange-state.ts';
import { Flow } from './flow.ts';
import { forward } from './forward.ts';
import type { ClientStream } from './http/client-stream.ts';
import { carriesToken, hostField } from './http/http-message.ts';
import { VERDICT_REFUSALS } from './http/refusal.ts';
import { type RequestHead, readRequestHead } from './http/request-head.ts';
import { serveInternal } from './internal-site.ts';
import { judge, shownCredential } from './judge.ts';

export type ExchangeInput = {
  readonly deps: WorkerDeps;
  readonly stream: ClientStream;
  readonly client: string;
  readonly tunnel: TunnelContext | null;
  /** `host:port` by which the client reached the proxy. */
  readonly local: string;
};

/** Runs one exchange; resolves when it has its terminal record. Never rejects. */
export async function handleExchange(input: ExchangeInput): Promise<void> {
  const { deps, stream, client, tunnel, local } = input;
  const { headers } = stream.line;
  if (tunnel !== null) tunnel.requests += 1;
  // 1. Parse: one head, names agreeing, framing unambiguous.
  const head = readRequestHead(stream.line, tunnel);
  const credential = tunnel === null ? shownCredential(headers) : tunnel.credential;
  const flow = new Flow(deps.link, identityOf(input, 'target' in head ? head.target : null));
  const startedMs = deps.now();
  const exchange: Exchange = {
    deps,
    stream,
    client,
    tunnel,
    local,
    credential,
    flow,
    startedMs,
  };
  const refuseNow = (status: number, reason: string) =>
    refuse(exchange, { status, reason, policy: deps.policy() });
  try {
    if ('status' in head) return refuse(exchange, { ...head, policy: deps.policy() });
    const path = parsePath(head.path);
    if ('problem' in path) return refuseNow(400, 'malformed: path');
    // 2. What leash itself sent comes back to it: a server that was reached leads here.
    if (carriesToken(headers, deps.hopToken)) return refuseNow(403, 'self_connection');
    // 3. Room: without place for the record there is no request.
    const noRoom = deps.link.refusal();
    if (noRoom !== null) return refuseNow(503, noRoom);
    // 4. Decide and put the intent on the log; a policy that changed in between decides again.
    const allowed = await admit(exchange, head, path);
    if (allowed === null) return;
    deps.meter.observe('admit', (deps.now() - exchange.startedMs) / 1000);
    // 5. Forward, or answer what is asked of leash itself.
    if (head.target.host === INTERNAL_HOST) await serveInternal(exchange, allowed);
    else await forward(exchange, allowed);
  } catch (error) {
    // The one catch of an exchange: an error of our own is a record, never a crash, never silence.
    flow.end('error', {
      reason: `internal: ${error instanceof Error ? error.message : 'unknown'}`,
    });
    stream.abort();
  }
  // Its tunnel's record comes after it, also where a copy is still being decoded.
  const { pending } = flow;
  if (pending === null || tunnel === null) return;
  tunnel.running.begin();
  void pending.then(() => tunnel.running.end());
}

async function admit(
  exchange: Exchange,
  head: RequestHead,
  path: RequestPath,
): Promise<Allowed | null> {
  const { deps, flow } = exchange;
  const asked = askOf(exchange, { head, path });
  for (;;) {
    const policy = deps.policy();
    const { agent, decision, refusal } = judge(policy, asked, deps.now());
    flow.nameAgent(agent);
    if (refusal !== null || decision === null) {
      const { status, reason } = refusal ?? { status: 403, reason: 'no_policy' };
      refuse(exchange, { status, reason, policy, ...(decision && { decision }) });
      return null;
    }
    const verdict = await flow.open('intent', policy.version, {
      rule: decision.rule,
      policy: policy.version,
    });
    if (verdict === 'ack') return { head, path, agent, decision, policy };
    if (verdict !== 'stale') {
      refuse(exchange, { ...VERDICT_REFUSALS[verdict], policy, decision });
      return null;
    }
    // `stale`: the newer policy is on the pipe before this verdict, so it is in force here by now.
  }
}

function identityOf(input: ExchangeInput, target: Target | null): FlowIdentity {
  const { stream, tunnel, client } = input;
  const known = target ?? tunnel?.target ?? null;
  return {
    tunnel: tunnel?.id ?? '',
    client,
    agent: '',
    host: known?.host ?? '',
    port: known?.port ?? 0,
    method: stream.line.method,
    url: input.deps.forRecord.url(urlOf(input, known)),
  };
}

/** The URL as the operator should see it: whole, with the scheme that was really spoken. */
function urlOf({ stream, tunnel }: ExchangeInput, target: Target | null): string {
  const { url } = stream.line;
  if (tunnel === null || target === null || !url.startsWith('/')) return url;
  return `${tunnel.scheme}://${hostField(target, tunnel.scheme)}${url}`;
}
