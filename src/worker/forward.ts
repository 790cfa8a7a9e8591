// The way of an admitted request to the upstream and of the response back, both directions streamed
// with back-pressure past their taps. Whatever ends first, exactly one terminal record follows.

import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { FlowEvent, FlowFields, Truncation } from '../shared/audit-event.ts';
import { LIMITS } from '../shared/config.ts';
import { Capture } from './capture.ts';
import { type Allowed, type Exchange, refuse, roundMs } from './exchange-state.ts';
import {
  clientHeaders,
  headerPairs,
  responseCapture,
  safeReasonPhrase,
  upstreamHeaders,
} from './http-message.ts';
import { relayBody } from './relay-body.ts';
import { type Route, UpstreamError } from './upstream.ts';

/** Forwards; resolves when the exchange has its terminal record and both sides are let go. */
export function forward(exchange: Exchange, allowed: Allowed): Promise<void> {
  return new Promise((resolve) => new Forwarding(exchange, allowed, resolve).start());
}

class Forwarding {
  readonly #exchange: Exchange;
  readonly #allowed: Allowed;
  readonly #done: () => void;
  readonly #reqCapture: Capture;
  #resCapture: Capture | null = null;
  #upstream: ClientRequest | null = null;
  #answer: IncomingMessage | null = null;
  #upstreamIp = '';
  #ttfbMs = 0;
  #retried = false;

  constructor(exchange: Exchange, allowed: Allowed, done: () => void) {
    this.#exchange = exchange;
    this.#allowed = allowed;
    this.#done = done;
    this.#reqCapture = this.#capture('req', exchange.deps.config.capture === 'none' ? 'off' : null);
  }

  readonly #onClientClose = () => this.#fail(this.#clientGone());

  start(): void {
    const { request, response } = this.#exchange;
    request.on('error', () => {});
    response.on('error', () => {});
    // The client may have gone while the intent was on its way to the log.
    if (request.socket.destroyed) {
      this.#fail(this.#clientGone());
      return;
    }
    // Not the response: one that waits behind another (pipelining) does not hear of the end.
    request.socket.once('close', this.#onClientClose);
    this.#dispatch();
  }

  #dispatch(): void {
    const upstream = this.#send();
    this.#upstream = upstream;
    upstream.once('socket', (socket) => {
      this.#upstreamIp = socket.remoteAddress ?? '';
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

  #send(): ClientRequest {
    const { deps, request, client, tunnel } = this.#exchange;
    const { head, decision, policy } = this.#allowed;
    const { config } = deps;
    const route: Route = {
      client,
      scheme: tunnel?.scheme ?? 'http',
      target: head.target,
      policy: policy.version,
      addresses: {
        network: policy.network,
        privateRule: decision.privateRule,
        literalRule: decision.literalRule,
        listeners: [
          { address: config.bind, port: config.proxyPort },
          { address: config.viewerBind, port: config.viewerPort },
        ],
        ownAddresses: deps.ownAddresses(),
      },
    };
    return deps.upstream.request({
      route,
      method: request.method ?? '',
      path: head.path,
      headers: upstreamHeaders({
        method: request.method ?? '',
        headers: request.rawHeaders,
        head,
        scheme: route.scheme,
        agentSource: config.identityHost === head.target.host ? client : '',
      }),
      idleMs: config.exchangeIdleMs,
    });
  }

  #onResponse(upstream: ClientRequest, answer: IncomingMessage): void {
    const { deps, response, startedMs } = this.#exchange;
    try {
      this.#writeHead(answer);
    } catch {
      // Node refuses some fields that its own parser lets pass; in here an error ends the worker.
      this.#cut(upstream, 'a header that cannot be forwarded');
      return;
    }
    this.#answer = answer;
    this.#ttfbMs = deps.now() - startedMs;
    const skip = responseCapture(deps.config.capture, answer.rawHeaders);
    const capture = this.#capture('res', skip);
    this.#resCapture = capture;
    answer.on('error', () => {});
    answer.once('close', () => {
      if (!answer.complete) this.#fail('upstream: closed before the response ended');
    });
    // Head and first bytes in one write where they came together; an event stream's head must not
    // wait for its first event.
    setImmediate(() => {
      if (capture.bytes === 0 && !response.writableEnded) response.flushHeaders();
    });
    relayBody(answer, response, capture);
    response.once('finish', () => this.#end('allowed', {}));
  }

  #writeHead(answer: IncomingMessage): void {
    const { deps, response } = this.#exchange;
    const headers = clientHeaders(answer.rawHeaders);
    if (deps.draining()) headers.push('Connection', 'close');
    const status = answer.statusCode ?? 502;
    const phrase = safeReasonPhrase(answer.statusMessage) || STATUS_CODES[status] || 'OK';
    response.sendDate = false;
    response.writeHead(status, phrase, headers);
  }

  /** For what no server may send: a 101 nobody asked for would be a pipe nobody looks into. */
  #cut(upstream: ClientRequest, problem: string): void {
    upstream.socket?.destroy();
    this.#onUpstreamError(upstream, new UpstreamError(502, `upstream: ${problem}`));
  }

  #onUpstreamError(upstream: ClientRequest, error: Error): void {
    if (upstream !== this.#upstream || this.#exchange.flow.ended) return;
    if (this.#mayRetry(upstream, error)) {
      this.#retried = true;
      this.#dispatch();
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
    const fields = {
      proto: 'h1' as const,
      upstream_ip: this.#upstreamIp,
      req_bytes: this.#reqCapture.bytes,
    };
    const sent = { fields, captures: [this.#reqCapture] };
    refuse(this.#exchange, { status: known ? error.status : 502, reason, policy, decision, sent });
    this.#finish();
  }

  /**
   * A pooled connection that the upstream closed while the request was on its way: once more on a
   * new one, if nothing came back and nothing but an idempotent head was sent (RFC 9110 9.2.2).
   */
  #mayRetry(upstream: ClientRequest, error: Error): boolean {
    const method = this.#exchange.request.method ?? '';
    return (
      upstream.reusedSocket &&
      !this.#retried &&
      this.#answer === null &&
      codeOf(error) === 'ECONNRESET' &&
      this.#allowed.head.framing.kind === 'none' &&
      ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'].includes(method)
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

  #end(event: FlowEvent, fields: FlowFields): void {
    const { flow, request, deps, startedMs } = this.#exchange;
    if (flow.ended) return;
    const { decision, policy } = this.#allowed;
    const answer = this.#answer;
    this.#release();
    flow.end(
      event,
      {
        status: answer?.statusCode ?? 0,
        bytes: this.#resCapture?.bytes ?? 0,
        ...(decision.wouldBlock ? { audit: 'would_block_in_enforce' as const } : {}),
        req_headers: headerPairs(request.rawHeaders),
        ...(answer === null ? {} : { res_headers: headerPairs(answer.rawHeaders) }),
        proto: 'h1',
        rule: decision.rule,
        policy: policy.version,
        mode: policy.mode ?? '',
        upstream_ip: this.#upstreamIp,
        req_bytes: this.#reqCapture.bytes,
        ttfb_ms: roundMs(this.#ttfbMs),
        duration_ms: roundMs(deps.now() - startedMs),
        ...fields,
      },
      this.#resCapture === null ? [this.#reqCapture] : [this.#reqCapture, this.#resCapture],
    );
    this.#finish();
  }

  #release(): void {
    const { request, deps } = this.#exchange;
    const { captures } = deps;
    request.socket.off('close', this.#onClientClose);
    captures.delete(this.#reqCapture);
    if (this.#resCapture !== null) captures.delete(this.#resCapture);
  }

  /** Lets go of both sides; one that is not finished is broken, so that nobody takes it for whole. */
  #finish(): void {
    const { request, response } = this.#exchange;
    const upstream = this.#upstream;
    if (this.#answer !== null && !response.writableFinished) response.destroy();
    if (upstream !== null && !(this.#answer?.complete ?? false)) upstream.destroy();
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

  #capture(dir: 'req' | 'res', skip: Truncation | null): Capture {
    const { deps, flow } = this.#exchange;
    const capture = new Capture({
      dir,
      limitBytes: deps.config.captureLimitBytes,
      skip,
      congested: () => deps.link.congested(),
      emitPart: (fields) => flow.part(fields),
      now: deps.now,
    });
    deps.captures.add(capture);
    return capture;
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
