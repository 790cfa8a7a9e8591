// The way of an admitted request to the upstream and of the answer back, both directions streamed
// with back-pressure past their taps. Whatever ends first, exactly one terminal record follows.

import type { FlowEvent } from '../shared/audit-event.ts';
import { codeOf } from '../shared/error-code.ts';
import type { Policy } from '../shared/policy.ts';
import { forgetCaptures, openCapture } from './exchange-capture.ts';
import {
  type Allowed,
  askOf,
  type Exchange,
  goneReason,
  refuse,
  sayDenied,
} from './exchange-state.ts';
import type { EndFields } from './flow.ts';
import { relayAnswer, writeAnswerHead } from './http/answer.ts';
import type { Capture } from './http/capture.ts';
import type { WebSocketOffer } from './http/client-stream.ts';
import { responseCapture } from './http/http-message.ts';
import { InterimAnswers } from './http/interim-answers.ts';
import type { LiveFlow } from './live-flows.ts';
import { outcomeFields } from './outcome.ts';
import { type Denial, denialOf, mayHaveChanged, routeOf } from './upstream/route.ts';
import { UpstreamError } from './upstream/upstream-error.ts';
import type {
  Connection,
  UpstreamAnswer,
  UpstreamEvents,
  UpstreamStream,
  UpstreamSwitch,
} from './upstream/upstream-stream.ts';
import { mayBeSentAgain, relayRequest, requestFor } from './upstream-request.ts';
import { carryWebSocket } from './websocket/carry.ts';
import { checkAnswer } from './websocket/handshake.ts';

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
  #connection: Connection | null = null;
  #upstream: UpstreamStream | null = null;
  #answer: UpstreamAnswer | null = null;
  /** Gives a connection up that is still being made. */
  #abandoned: AbortController | null = null;
  readonly #interim: InterimAnswers;
  #isDelivered = () => false;
  #ttfbMs = 0;
  #attempts = 0;

  constructor(exchange: Exchange, allowed: Allowed, done: () => void) {
    this.#exchange = exchange;
    this.#allowed = allowed;
    this.#done = done;
    this.#interim = new InterimAnswers(exchange.stream, allowed.head.expectsContinue === true);
    const skip = exchange.deps.config.capture === 'none' ? 'off' : null;
    const { headers } = exchange.stream.line;
    this.#reqCapture = openCapture(exchange, { dir: 'req', headers, skip });
  }

  readonly #onClientGone = () => {
    // It may leave as soon as it has all that the answer's length announced.
    if (this.#isDelivered()) this.#end('allowed', {});
    else this.#fail(goneReason(this.#exchange));
  };

  start(): void {
    const { stream, flow, deps } = this.#exchange;
    if (stream.isGone) this.#onClientGone();
    if (flow.ended) return;
    stream.onGone(this.#onClientGone);
    deps.live.add(this);
    // The policy may have changed while the intent was on its way to the log.
    this.#rejudgeWhereChanged();
    if (!flow.ended) void this.#dispatch();
  }

  /** The policy changed: what it denies now ends now, also where only the address is denied. */
  rejudge(policy: Policy): void {
    const asked = askOf(this.#exchange, this.#allowed);
    const denial = denialOf(this.#exchange.deps, policy, asked, this.#connection);
    if (denial !== null && !this.#exchange.flow.ended) this.#revoke(policy, denial);
  }

  /** Not even the last record has room: what cannot be recorded does not go on. */
  cutOff(): void {
    this.#fail('record: cannot be written');
    this.#exchange.stream.abort();
  }

  #rejudgeWhereChanged(): void {
    const policy = this.#exchange.deps.policy();
    if (mayHaveChanged(policy, this.#allowed.policy)) this.rejudge(policy);
  }

  async #dispatch(): Promise<void> {
    const { deps, client, tunnel, stream, flow } = this.#exchange;
    const { head, decision, policy, agent } = this.#allowed;
    const scheme = tunnel?.scheme ?? 'http';
    const route = routeOf(deps, { client, agent, scheme, target: head.target, decision, policy });
    this.#attempts += 1;
    try {
      const http1Only = stream.webSocket !== null;
      let connection = deps.upstream.pooled(route, http1Only);
      if (connection === null) {
        this.#abandoned = new AbortController();
        const { signal: abandoned } = this.#abandoned;
        const options = { abandoned, shared: stream.proto === 'h2', http1Only };
        connection = await deps.upstream.open(route, options);
        this.#abandoned = null;
      }
      if (!flow.ended) {
        this.#connection = connection;
        // Its address was judged under the policy of the decision.
        this.#rejudgeWhereChanged();
      }
      // While the connection was made, the client may have gone or the policy changed.
      if (flow.ended) connection.discard();
      else this.#send(connection);
    } catch (error) {
      this.#onUpstreamError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #send(connection: Connection): void {
    const { stream } = this.#exchange;
    const { head } = this.#allowed;
    const upstream = connection.send(
      requestFor(this.#exchange, this.#allowed, connection),
      this.#events(this.#attempts),
    );
    this.#upstream = upstream;
    this.#interim.start();
    if (head.framing.kind !== 'none') relayRequest(stream, upstream, this.#reqCapture);
  }

  /** What is heard of one attempt; when there is another, or the exchange has ended, nothing. */
  #events(attempt: number): UpstreamEvents {
    const { webSocket } = this.#exchange.stream;
    const isOver = () => this.#exchange.flow.ended || attempt !== this.#attempts;
    return {
      onInformation: (status, headers) => {
        if (isOver() || this.#interim.pass(status, headers)) return;
        this.#cut('too many informational responses');
      },
      onAnswer: (answer) => {
        // The parser goes on with bytes it has, also when the exchange has ended over them.
        if (isOver()) answer.body.destroy();
        else this.#onAnswer(answer);
      },
      onSwitch:
        webSocket &&
        ((answer) => (isOver() ? answer.socket.destroy() : this.#onSwitch(webSocket, answer))),
      onFailed: (error) => {
        if (!isOver()) this.#onUpstreamError(error);
      },
    };
  }

  #onAnswer(answer: UpstreamAnswer): void {
    const { deps, stream, startedMs } = this.#exchange;
    this.#interim.stop();
    try {
      writeAnswerHead(this.#exchange, answer);
    } catch {
      // In here an error would end the worker.
      this.#cut('a header that cannot be forwarded');
      return;
    }
    this.#answer = answer;
    this.#ttfbMs = deps.now() - startedMs;
    const { headers } = answer.head;
    const skip = responseCapture(deps.config.capture, headers);
    const capture = openCapture(this.#exchange, { dir: 'res', headers, skip });
    this.#resCapture = capture;
    stream.onFinished(() => this.#end('allowed', {}));
    this.#isDelivered = relayAnswer(this.#exchange, answer, capture);
  }

  /** From here on it is no request and answer, unless the 101 is none to what the client asked. */
  #onSwitch(offer: WebSocketOffer, answer: UpstreamSwitch): void {
    const agreement = checkAnswer(offer.handshake, answer.headers);
    if ('problem' in agreement) {
      answer.socket.destroy();
      this.#cut(`wrong handshake: ${agreement.problem}`);
      return;
    }
    const reached = this.#connection ?? { ip: '' };
    const switched = { ...answer, reached, attempts: this.#attempts, agreement, offer };
    this.#attempts = 0;
    this.#release();
    forgetCaptures(this.#exchange, this.#captures());
    const carried = carryWebSocket(this.#exchange, this.#allowed, switched);
    carried.then(this.#done, (error) => this.#fail(`internal: ${codeOf(error)}`));
  }

  #cut(problem: string): void {
    this.#upstream?.abort();
    this.#onUpstreamError(new UpstreamError(502, `upstream: ${problem}`));
  }

  #onUpstreamError(error: Error): void {
    if (this.#exchange.flow.ended) return;
    if (this.#mayRetry(error)) {
      void this.#dispatch();
      return;
    }
    const known = error instanceof UpstreamError ? error : null;
    const reason = known?.reason ?? `upstream: ${codeOf(error)}`;
    if (this.#answer !== null) {
      this.#fail(reason, known?.facts.resetCode);
      return;
    }
    const { decision, policy } = this.#allowed;
    this.#release();
    const { proto } = this.#exchange.stream;
    const [connection, capture] = [this.#connection, this.#reqCapture];
    const fields = { proto, upstream_ip: connection?.ip ?? '', req_bytes: capture.bytes };
    // What was never sent is not on the record as if it had been.
    const sent = connection && { fields, captures: [capture] };
    const said = { status: known?.status ?? 502, reason, policy, decision };
    refuse(this.#exchange, sent === null ? said : { ...said, sent });
    this.#finish();
  }

  #mayRetry(error: Error): boolean {
    if (this.#attempts > 1 || this.#answer !== null) return false;
    const isReused = this.#upstream?.isReused === true;
    const { method } = this.#exchange.stream.line;
    return mayBeSentAgain(error, { isReused, method, framing: this.#allowed.head.framing });
  }

  #fail(reason: string, resetCode?: number): void {
    this.#end('error', { reason }, resetCode);
  }

  /** `revoked`, and the client hears why where the answer has not begun. */
  #revoke(policy: Policy, { reason, rule }: Denial): void {
    sayDenied(this.#exchange, policy, { reason, rule });
    const { version, mode } = policy;
    this.#end('revoked', { reason, rule, policy: version, mode: mode ?? '' });
  }

  #end(event: FlowEvent, fields: EndFields, resetCode?: number): void {
    const { flow, stream } = this.#exchange;
    if (flow.ended) return;
    const answer = this.#answer;
    const progress = {
      answer: answer?.head ?? null,
      upstreamIp: this.#connection?.ip ?? '',
      upstreamProto: this.#connection?.proto ?? null,
      reqTrailers: stream.trailers(),
      resTrailers: answer?.trailers() ?? [],
      ttfbMs: this.#ttfbMs,
      reqBytes: this.#reqCapture.bytes,
      resBytes: this.#resCapture?.bytes ?? 0,
      attempts: this.#attempts,
      isSent: this.#isSent,
    };
    this.#release();
    const outcome = outcomeFields(this.#exchange, this.#allowed, progress);
    flow.end(event, Object.assign(outcome, fields), this.#captures());
    this.#finish(resetCode);
  }

  #release(): void {
    const { stream, deps } = this.#exchange;
    deps.live.delete(this);
    this.#interim.stop();
    this.#abandoned?.abort();
    stream.offGone(this.#onClientGone);
  }

  /** The whole request has been handed on; that it has arrived here is less. */
  get #isSent(): boolean {
    return this.#allowed.head.framing.kind === 'none' || !!this.#upstream?.sink.writableEnded;
  }

  #captures(): Capture[] {
    return [this.#reqCapture, this.#resCapture].filter((capture) => capture !== null);
  }

  /** Lets go of both sides; one that is not finished is broken, so that nobody takes it for whole. */
  #finish(resetCode?: number): void {
    const { stream } = this.#exchange;
    forgetCaptures(this.#exchange, this.#captures());
    if (this.#answer !== null && !stream.isFinished) stream.abort(resetCode);
    // Not read to its end, it would stay open for nobody; of an upload nobody would count the rest.
    if (!this.#answer?.body.readableEnded || !this.#isSent) this.#upstream?.abort();
    if (!this.#isSent || !stream.isComplete) stream.discardRest();
    this.#done();
  }
}
