// A WebSocket from the 101 on: its relay, its taps, its place among what is judged again, and the last
// record of the exchange that it began as. Resolves when both sides are closed.

import type { FlowEvent } from '../../shared/audit-event.ts';
import type { Policy } from '../../shared/policy.ts';
import { type Allowed, askOf, type Exchange } from '../exchange-state.ts';
import type { EndFields } from '../flow.ts';
import type { WebSocketOffer } from '../http/client-stream.ts';
import { clientHeaders } from '../http/http-message.ts';
import type { LiveFlow } from '../live-flows.ts';
import { outcomeFields } from '../outcome.ts';
import { denialOf, type Reached } from '../upstream/route.ts';
import type { UpstreamSwitch } from '../upstream/upstream-stream.ts';
import { type Agreement, withUpgrade } from './handshake.ts';
import { MessageTap } from './message-tap.ts';
import { WebSocketRelay } from './relay.ts';

export type Switched = UpstreamSwitch & {
  readonly offer: WebSocketOffer;
  readonly agreement: Agreement;
  readonly reached: Reached;
  readonly attempts: number;
};

/** RFC 6455 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/** Answers the client with the 101, and carries what follows; the flow has its last record then. */
export function carryWebSocket(
  exchange: Exchange,
  allowed: Allowed,
  switched: Switched,
): Promise<void> {
  return new Promise((resolve) => new Carrying(exchange, allowed, switched, resolve));
}

class Carrying implements LiveFlow {
  readonly #exchange: Exchange;
  readonly #allowed: Allowed;
  readonly #switched: Switched;
  readonly #ttfbMs: number;
  readonly #relay: WebSocketRelay;

  constructor(exchange: Exchange, allowed: Allowed, switched: Switched, done: () => void) {
    const { deps, startedMs } = exchange;
    this.#exchange = exchange;
    this.#allowed = allowed;
    this.#switched = switched;
    this.#ttfbMs = deps.now() - startedMs;
    const { offer, headers, socket: upstream, bytes: upstreamHead } = switched;
    const { socket: client, head: clientHead } = offer.switchTo(
      withUpgrade(clientHeaders(headers)),
    );
    const taps = { client: this.#tap('client'), server: this.#tap('server') };
    const sides = { client, clientHead, upstream, upstreamHead };
    this.#relay = new WebSocketRelay({
      ...sides,
      taps,
      idleMs: deps.config.exchangeIdleMs,
      onEnd: (reason) => {
        for (const tap of [taps.client, taps.server]) deps.captures.delete(tap);
        this.#end(reason === '' ? 'allowed' : 'error', { reason });
        done();
      },
    });
    deps.live.add(this);
  }

  /** The policy changed: what it denies is closed, and both sides hear why. */
  rejudge(policy: Policy): void {
    const { deps, flow } = this.#exchange;
    const asked = askOf(this.#exchange, this.#allowed);
    const denial = denialOf(deps, policy, asked, this.#switched.reached);
    if (denial === null || flow.ended) return;
    this.#relay.closeWith(POLICY_VIOLATION);
    this.#end('revoked', { ...denial, policy: policy.version, mode: policy.mode ?? '' });
  }

  cutOff(): void {
    this.#relay.end('record: cannot be written');
    this.#end('error', { reason: 'record: cannot be written' });
  }

  shutDown(): void {
    this.#relay.closeWith(GOING_AWAY);
    this.#end('error', { reason: 'shutdown' });
  }

  #tap(direction: 'client' | 'server'): MessageTap {
    const { deps, flow, client } = this.#exchange;
    const { deflate } = this.#switched.agreement;
    const takeover = direction === 'client' ? deflate?.clientTakeover : deflate?.serverTakeover;
    const tap = new MessageTap({
      direction,
      limitBytes: deps.config.captureLimitBytes,
      skip: deps.config.capture === 'none' ? 'off' : null,
      deflate: takeover === undefined ? null : { takeover },
      load: deps.decoderLoad,
      mustCut: () => deps.link.mustCut(client),
      emit: (fields) => flow.message(fields),
      now: deps.now,
    });
    deps.captures.add(tap);
    return tap;
  }

  /** The first end counts; the taps have put all that they had on the record by then. */
  #end(event: FlowEvent, fields: EndFields): void {
    const { flow, deps } = this.#exchange;
    deps.live.delete(this);
    const { headers, reached, attempts } = this.#switched;
    const { toServer, toClient } = this.#relay.bytes;
    const outcome = outcomeFields(this.#exchange, this.#allowed, {
      answer: { status: 101, headers },
      upstreamIp: reached.ip,
      upstreamProto: 'h1',
      reqTrailers: [],
      resTrailers: [],
      ttfbMs: this.#ttfbMs,
      reqBytes: toServer,
      resBytes: toClient,
      attempts,
      isSent: true,
    });
    flow.end(event, { ...outcome, proto: 'ws', ...fields });
  }
}
