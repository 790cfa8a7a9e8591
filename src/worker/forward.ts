// The way of an admitted request to the upstream and of the response back, both directions streamed
// with back-pressure past their taps. Whatever ends first, exactly one terminal record follows.

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { FlowEvent, FlowFields } from '../shared/audit-event.ts';
import { codeOf } from '../shared/error-code.ts';
import { LIMITS } from '../shared/limits.ts';
import type { Policy } from '../shared/policy.ts';
import {
  type Allowed,
  askOf,
  type Exchange,
  forgetCaptures,
  openCapture,
  refusalText,
  refuse,
} from './exchange-state.ts';
import { relayAnswer, writeAnswerHead } from './http/answer.ts';
import type { Capture } from './http/capture.ts';
import { isReplayable, responseCapture, upstreamHeaders } from './http/http-message.ts';
import { relayBody } from './http/relay-body.ts';
import type { LiveFlow } from './live-flows.ts';
import { outcomeFields } from './outcome.ts';
import { type Denial, denialOf, mayHaveChanged, routeOf } from './upstream/route.ts';
import type { CheckedRoute } from './upstream/upstream.ts';
import { UpstreamError } from './upstream/upstream-error.ts';

/** Forwards; resolves when the exchange has its terminal record and both sides are let go. */
export function forward(exchange: Exchange, allowed: Allowed): Promise<void> {
  return new Promise((resolve) => new Forwarding(exchange, allowed, resolve).start());
}

class Forwarding implements LiveFlow {
  readonly #exchange: Exchange;
  readonly #allowed: Allowed;
  readonly #done: () => void;
  readonly #reqCapture: Capture;
  #resCapture: Capture | null = null;
  #upstream: ClientRequest | null = null;
  #answer: IncomingMessage | null = null;
  /** Gives a connection up that is still being made; null: one of the pool is used. */
  #abandoned: AbortController | null = null;
  #upstreamIp = '';
  #ttfbMs = 0;
  #retried = false;

  constructor(exchange: Exchange, allowed: Allowed, done: () => void) {
    this.#exchange = exchange;
    this.#allowed = allowed;
    this.#done = done;
    const skip = exchange.deps.config.capture === 'none' ? 'off' : null;
    const headers = exchange.request.rawHeaders;
    this.#reqCapture = openCapture(exchange, { dir: 'req', headers, skip });
  }

  readonly #onClientClose = () => this.#fail(this.#clientGone());

  start(): void {
    const { request } = this.#exchange;
    // The client may have gone while the intent was on its way to the log.
    if (request.socket.destroyed) this.#fail(this.#clientGone());
    if (this.#exchange.flow.ended) return;
    // Not the response: one that waits behind another (pipelining) does not hear of the end.
    request.socket.once('close', this.#onClientClose);
    this.#exchange.deps.live.add(this);
    // The policy may have changed while the intent was on its way to the log.
    this.#rejudgeWhereChanged();
    if (!this.#exchange.flow.ended) void this.#dispatch();
  }

  /** The policy changed: what it denies now ends now, also where only the address is denied. */
  rejudge(policy: Policy): void {
    const asked = askOf(this.#exchange, this.#allowed);
    const denial = denialOf(this.#exchange.deps, policy, asked, this.#upstreamIp);
    if (denial !== null && !this.#exchange.flow.ended) this.#revoke(policy, denial);
  }

  /** Not even the last record has room: what cannot be recorded does not go on. */
  cutOff(): void {
    this.#fail('record: cannot be written');
    this.#exchange.response.destroy();
  }

  #rejudgeWhereChanged(): void {
    const policy = this.#exchange.deps.policy();
    if (mayHaveChanged(policy, this.#allowed.policy)) this.rejudge(policy);
  }

  async #dispatch(): Promise<void> {
    const { deps, client, tunnel } = this.#exchange;
    const { head, decision, policy, agent } = this.#allowed;
    const scheme = tunnel?.scheme ?? 'http';
    const route = routeOf(deps, { client, agent, scheme, target: head.target, decision, policy });
    try {
      const checked = deps.upstream.pooled(route) ?? (await deps.upstream.check(route));
      // While the name was resolved, the client may have gone or the policy changed.
      if (!this.#exchange.flow.ended) this.#connect(checked);
    } catch (error) {
      this.#onUpstreamError(null, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #connect(checked: CheckedRoute): void {
    if (checked.addresses !== null) this.#abandoned = new AbortController();
    const upstream = this.#send(checked);
    this.#upstream = upstream;
    upstream.once('socket', (socket) => {
      this.#abandoned = null;
      this.#upstreamIp = socket.remoteAddress ?? '';
      // Its address was judged under the policy of the decision.
      this.#rejudgeWhereChanged();
    });
    upstream.once('response', (answer) => {
      // The parser goes on with bytes it has, also when the exchange has ended over them.
      if (this.#exchange.flow.ended) answer.destroy();
      // A 101 without the fields of an upgrade arrives as a response.
      else if ((answer.statusCode ?? 0) < 200) this.#cut(upstream, 'unsolicited 101');
      else this.#onResponse(upstream, answer);
    });
    upstream.on('error', (error) => this.#onUpstreamError(upstream, error));
    upstream.once('upgrade', () => this.#cut(upstream, 'unsolicited 101'));
    let informational = 0;
    upstream.on('information', () => {
      informational += 1;
      if (informational > LIMITS.informationalResponses) {
        this.#cut(upstream, 'too many informational responses');
      }
    });
    upstream.once('timeout', () => {
      this.#onUpstreamError(upstream, new UpstreamError(504, 'upstream: silent for too long'));
      upstream.destroy();
    });
    if (this.#allowed.head.framing.kind === 'none') upstream.end();
    else relayBody(this.#exchange.request, upstream, this.#reqCapture);
  }

  #send(checked: CheckedRoute): ClientRequest {
    const { deps, request, client } = this.#exchange;
    const { head } = this.#allowed;
    const { config } = deps;
    return deps.upstream.request({
      checked,
      abandoned: this.#abandoned?.signal ?? null,
      method: request.method ?? '',
      path: head.path,
      headers: upstreamHeaders({
        method: request.method ?? '',
        headers: request.rawHeaders,
        head,
        scheme: checked.route.scheme,
        agentSource: config.identityHost === head.target.host ? client : '',
        // A public server has no business with it; a private one might lead back to leash.
        hopToken: checked.opened ? deps.hopToken : '',
      }),
      idleMs: config.exchangeIdleMs,
    });
  }

  #onResponse(upstream: ClientRequest, answer: IncomingMessage): void {
    const { deps, response, startedMs } = this.#exchange;
    try {
      writeAnswerHead(this.#exchange, answer);
    } catch {
      // In here an error would end the worker.
      this.#cut(upstream, 'a header that cannot be forwarded');
      return;
    }
    this.#answer = answer;
    this.#ttfbMs = deps.now() - startedMs;
    const headers = answer.rawHeaders;
    const skip = responseCapture(deps.config.capture, headers);
    const capture = openCapture(this.#exchange, { dir: 'res', headers, skip });
    this.#resCapture = capture;
    answer.on('error', () => {});
    answer.once('close', () => {
      if (!answer.complete) this.#fail('upstream: closed before the response ended');
    });
    relayAnswer(this.#exchange, answer, capture);
    response.once('finish', () => this.#end('allowed', {}));
  }

  /** For what no server may send: a 101 nobody asked for would be a pipe nobody looks into. */
  #cut(upstream: ClientRequest, problem: string): void {
    upstream.socket?.destroy();
    this.#onUpstreamError(upstream, new UpstreamError(502, `upstream: ${problem}`));
  }

  /** `upstream`: the request that failed; null where none could be made. */
  #onUpstreamError(upstream: ClientRequest | null, error: Error): void {
    if (this.#exchange.flow.ended || (upstream !== null && upstream !== this.#upstream)) return;
    if (upstream !== null && this.#mayRetry(upstream, error)) {
      this.#retried = true;
      void this.#dispatch();
      return;
    }
    const known = error instanceof UpstreamError;
    const reason = known ? error.reason : `upstream: ${codeOf(error)}`;
    if (this.#answer !== null) {
      this.#fail(reason);
      return;
    }
    const { decision, policy } = this.#allowed;
    this.#release();
    const req_bytes = this.#reqCapture.bytes;
    const fields = { proto: 'h1' as const, upstream_ip: this.#upstreamIp, req_bytes };
    // What was never sent is not on the record as if it had been.
    const sent = this.#upstreamIp === '' ? undefined : { fields, captures: [this.#reqCapture] };
    const status = known ? error.status : 502;
    refuse(this.#exchange, { status, reason, policy, decision, ...(sent && { sent }) });
    this.#finish();
  }

  /** A pooled connection that the upstream closed while the request was on its way: once more. */
  #mayRetry(upstream: ClientRequest, error: Error): boolean {
    return (
      upstream.reusedSocket &&
      !this.#retried &&
      this.#answer === null &&
      codeOf(error) === 'ECONNRESET' &&
      isReplayable(this.#exchange.request.method ?? '', this.#allowed.head.framing)
    );
  }

  #clientGone(): string {
    const { request, deps } = this.#exchange;
    if (deps.draining()) return 'shutdown';
    return request.complete
      ? 'client: closed before the response ended'
      : 'client: closed before the request ended';
  }

  #fail(reason: string): void {
    this.#end('error', { reason });
  }

  /** `revoked`, and the client hears why where the answer has not begun. */
  #revoke(policy: Policy, { reason, rule }: Denial): void {
    const { response } = this.#exchange;
    if (!response.headersSent && !response.destroyed) {
      const { headers, body } = refusalText(this.#exchange, { status: 403, reason, policy, rule });
      response.writeHead(403, [...headers, 'Connection', 'close']);
      response.end(body);
    }
    const { version, mode } = policy;
    this.#end('revoked', { reason, rule, policy: version, mode: mode ?? '' });
  }

  #end(event: FlowEvent, fields: FlowFields): void {
    const { flow } = this.#exchange;
    if (flow.ended) return;
    const answer = this.#answer;
    const progress = {
      answer: answer && { status: answer.statusCode ?? 0, headers: answer.rawHeaders },
      upstreamIp: this.#upstreamIp,
      ttfbMs: this.#ttfbMs,
      reqBytes: this.#reqCapture.bytes,
      resBytes: this.#resCapture?.bytes ?? 0,
      attempts: this.#retried ? 2 : 1,
    };
    this.#release();
    const outcome = outcomeFields(this.#exchange, this.#allowed, progress);
    flow.end(event, { ...outcome, ...fields }, this.#captures());
    this.#finish();
  }

  #release(): void {
    const { request, deps } = this.#exchange;
    deps.live.delete(this);
    this.#abandoned?.abort();
    request.socket.off('close', this.#onClientClose);
  }

  #captures(): Capture[] {
    return this.#resCapture === null ? [this.#reqCapture] : [this.#reqCapture, this.#resCapture];
  }

  /** Lets go of both sides; one that is not finished is broken, so that nobody takes it for whole. */
  #finish(): void {
    const { request, response } = this.#exchange;
    const upstream = this.#upstream;
    forgetCaptures(this.#exchange, this.#captures());
    if (this.#answer !== null && !response.writableFinished) response.destroy();
    // Whole but not read to its end, it would stay open for nobody.
    if (upstream !== null && !(this.#answer?.readableEnded ?? false)) upstream.destroy();
    if (!request.complete) this.#drain();
    this.#done();
  }

  /** An upload that goes on after its answer: read on a little, so that the client sees the answer. */
  #drain(): void {
    const { request } = this.#exchange;
    this.#upstream?.destroy();
    request.removeAllListeners('data');
    request.resume();
    const timer = setTimeout(() => request.socket.destroy(), LIMITS.lingerMs);
    request.once('close', () => clearTimeout(timer));
  }
}
