// The way of an admitted request to the upstream and of the answer back, both directions streamed
// with back-pressure past their taps. Whatever ends first, exactly one terminal record follows.

import type { FlowEvent, FlowFields } from '../shared/audit-event.ts';
import { codeOf } from '../shared/error-code.ts';
import { LIMITS } from '../shared/limits.ts';
import type { Policy } from '../shared/policy.ts';
import { forgetCaptures, openCapture } from './exchange-capture.ts';
import { type Allowed, askOf, type Exchange, refusalText, refuse } from './exchange-state.ts';
import { relayAnswer, writeAnswerHead } from './http/answer.ts';
import type { Capture } from './http/capture.ts';
import type { RawHeaders } from './http/header-list.ts';
import { forwardedTrailers, isReplayable, responseCapture } from './http/http-message.ts';
import { relayBody } from './http/relay-body.ts';
import type { LiveFlow } from './live-flows.ts';
import { outcomeFields } from './outcome.ts';
import { type Denial, denialOf, mayHaveChanged, routeOf } from './upstream/route.ts';
import { UpstreamError } from './upstream/upstream-error.ts';
import type {
  Connection,
  UpstreamAnswer,
  UpstreamEvents,
  UpstreamStream,
} from './upstream/upstream-stream.ts';
import { requestFor } from './upstream-request.ts';

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
  /** The client waits for a 100, which comes from the upstream, or from here when that is silent. */
  #continueTimer: NodeJS.Timeout | undefined;
  #informed = 0;
  #ttfbMs = 0;
  #attempts = 0;

  constructor(exchange: Exchange, allowed: Allowed, done: () => void) {
    this.#exchange = exchange;
    this.#allowed = allowed;
    this.#done = done;
    const skip = exchange.deps.config.capture === 'none' ? 'off' : null;
    const { headers } = exchange.stream.line;
    this.#reqCapture = openCapture(exchange, { dir: 'req', headers, skip });
  }

  readonly #onClientGone = () => this.#fail(this.#clientGone());

  start(): void {
    const { stream, flow, deps } = this.#exchange;
    // The client may have gone while the intent was on its way to the log.
    if (stream.isGone) this.#fail(this.#clientGone());
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
      let connection = deps.upstream.pooled(route);
      if (connection === null) {
        this.#abandoned = new AbortController();
        const options = { abandoned: this.#abandoned.signal, shared: stream.proto === 'h2' };
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
    if (head.expectsContinue) {
      this.#continueTimer = setTimeout(() => stream.inform(100, []), LIMITS.continueMs);
    }
    if (head.framing.kind === 'none') return;
    relayBody(stream.body, upstream.sink, this.#reqCapture, () => {
      // Where it was cut off, its end is no end.
      if (!stream.isComplete) return;
      upstream.setTrailers(forwardedTrailers(stream.trailers()));
      upstream.sink.end();
    });
  }

  /** What is heard of one attempt; when there is another, or the exchange has ended, nothing. */
  #events(attempt: number): UpstreamEvents {
    const isOver = () => this.#exchange.flow.ended || attempt !== this.#attempts;
    return {
      onInformation: (status, headers) => {
        if (!isOver()) this.#onInformation(status, headers);
      },
      onAnswer: (answer) => {
        // The parser goes on with bytes it has, also when the exchange has ended over them.
        if (isOver()) answer.body.destroy();
        else this.#onAnswer(answer);
      },
      onFailed: (error) => {
        if (!isOver()) this.#onUpstreamError(error);
      },
    };
  }

  #onInformation(status: number, headers: RawHeaders): void {
    this.#informed += 1;
    if (this.#informed > LIMITS.informationalResponses) {
      this.#cut('too many informational responses');
      return;
    }
    if (status === 100) clearTimeout(this.#continueTimer);
    // A 100 that the client did not wait for says nothing to it.
    if (status !== 100 || this.#allowed.head.expectsContinue) {
      this.#exchange.stream.inform(status, forwardedTrailers(headers));
    }
  }

  #onAnswer(answer: UpstreamAnswer): void {
    const { deps, stream, startedMs } = this.#exchange;
    clearTimeout(this.#continueTimer);
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
    relayAnswer(this.#exchange, answer, capture);
  }

  /** For what no server may send. */
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
    const known = error instanceof UpstreamError;
    const reason = known ? error.reason : `upstream: ${codeOf(error)}`;
    if (this.#answer !== null) {
      this.#fail(reason, known ? error.facts.resetCode : undefined);
      return;
    }
    const { decision, policy } = this.#allowed;
    this.#release();
    const req_bytes = this.#reqCapture.bytes;
    const { proto } = this.#exchange.stream;
    const fields = { proto, upstream_ip: this.#connection?.ip ?? '', req_bytes };
    // What was never sent is not on the record as if it had been.
    const sent = this.#connection && { fields, captures: [this.#reqCapture] };
    const status = known ? error.status : 502;
    refuse(this.#exchange, { status, reason, policy, decision, ...(sent && { sent }) });
    this.#finish();
  }

  /** Once more: a pooled connection was gone, or the upstream says that it has not begun. */
  #mayRetry(error: Error): boolean {
    const { framing } = this.#allowed.head;
    if (this.#attempts > 1 || this.#answer !== null || framing.kind !== 'none') return false;
    if (error instanceof UpstreamError) return error.facts.unprocessed === true;
    const wasReset = this.#upstream?.isReused === true && codeOf(error) === 'ECONNRESET';
    return wasReset && isReplayable(this.#exchange.stream.line.method, framing);
  }

  #clientGone(): string {
    const { stream, deps } = this.#exchange;
    if (deps.draining()) return 'shutdown';
    return stream.isComplete
      ? 'client: closed before the response ended'
      : 'client: closed before the request ended';
  }

  #fail(reason: string, resetCode?: number): void {
    this.#end('error', { reason }, resetCode);
  }

  /** `revoked`, and the client hears why where the answer has not begun. */
  #revoke(policy: Policy, { reason, rule }: Denial): void {
    const { stream } = this.#exchange;
    if (!stream.isAnswered) {
      const text = refusalText(this.#exchange, { status: 403, reason, policy, rule });
      stream.refuse({ status: 403, ...text, mayKeep: false });
    }
    const { version, mode } = policy;
    this.#end('revoked', { reason, rule, policy: version, mode: mode ?? '' });
  }

  #end(event: FlowEvent, fields: FlowFields, resetCode?: number): void {
    const { flow, stream } = this.#exchange;
    if (flow.ended) return;
    const answer = this.#answer;
    const progress = {
      answer: answer && { status: answer.head.status, headers: answer.head.headers },
      upstreamIp: this.#connection?.ip ?? '',
      upstreamProto: this.#connection?.proto ?? null,
      reqTrailers: stream.trailers(),
      resTrailers: answer?.trailers() ?? [],
      ttfbMs: this.#ttfbMs,
      reqBytes: this.#reqCapture.bytes,
      resBytes: this.#resCapture?.bytes ?? 0,
      attempts: this.#attempts,
    };
    this.#release();
    const outcome = outcomeFields(this.#exchange, this.#allowed, progress);
    flow.end(event, { ...outcome, ...fields }, this.#captures());
    this.#finish(resetCode);
  }

  #release(): void {
    const { stream, deps } = this.#exchange;
    deps.live.delete(this);
    clearTimeout(this.#continueTimer);
    this.#abandoned?.abort();
    stream.offGone(this.#onClientGone);
  }

  #captures(): Capture[] {
    return this.#resCapture === null ? [this.#reqCapture] : [this.#reqCapture, this.#resCapture];
  }

  /** Lets go of both sides; one that is not finished is broken, so that nobody takes it for whole. */
  #finish(resetCode?: number): void {
    const { stream } = this.#exchange;
    forgetCaptures(this.#exchange, this.#captures());
    if (this.#answer !== null && !stream.isFinished) stream.abort(resetCode);
    // Whole but not read to its end, it would stay open for nobody; nor is more of an upload sent.
    const isRead = this.#answer?.body.readableEnded ?? false;
    if (!isRead || !stream.isComplete) this.#upstream?.abort();
    if (!stream.isComplete) stream.discardRest();
    this.#done();
  }
}
