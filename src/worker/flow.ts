// One flow (a tunnel or an exchange) as the record sees it: an id, who asks for what, and exactly
// one terminal record. Knows the link, nothing of sockets.
//
// Invariant: every accepted tunnel and exchange ends in exactly one terminal line, also when its worker dies.

import type { FlowEvent, FlowFields, FlowIdentity } from '../shared/audit-event.ts';
import type { Verdict } from '../shared/ipc.ts';
import type { Capture } from './http/capture.ts';
import type { PrimaryLink } from './primary-link.ts';

/** What a flow's last record says beside who asked for what. */
export type EndFields = Omit<FlowFields, keyof FlowIdentity> & {
  readonly [name in keyof FlowIdentity]?: never;
};

export class Flow {
  readonly id: string;
  readonly #identity: FlowIdentity;
  readonly #link: PrimaryLink;
  readonly #number: number;
  #ended = false;
  #written = false;
  #pending: Promise<void> | null = null;

  /** The identity becomes the flow's own. */
  constructor(link: PrimaryLink, identity: FlowIdentity) {
    const { number, id } = link.nextFlow();
    this.id = id;
    this.#identity = identity;
    this.#link = link;
    this.#number = number;
  }

  get identity(): Readonly<FlowIdentity> {
    return this.#identity;
  }

  /** Who it is, as the policy that decides says; '' = unknown. */
  nameAgent(agent: string): void {
    this.#identity.agent = agent;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Null: the terminal record waits for nothing. Else it is written when this resolves. */
  get pending(): Promise<void> | null {
    return this.#pending;
  }

  /** Asks the primary to put the flow on the log; only after `ack` may it go on. */
  open(event: 'intent' | 'connect_allowed', policy: number, rest: EndFields): Promise<Verdict> {
    return this.#link.open({ event, flow: this.#number, policy, identity: this.#identity, rest });
  }

  /** A piece of a capture. Pieces after the end are dropped: the terminal record is the last. */
  part(fields: FlowFields): void {
    if (!this.#written) this.#link.record('part', this.#number, fields);
  }

  /** A WebSocket message, or a piece of one; as above. */
  message(fields: FlowFields): void {
    if (!this.#ended) this.#link.record('websocket', this.#number, fields);
  }

  /**
   * The terminal record; the first call counts, later ones do nothing. It is written at once, or as
   * soon as the captures have decoded what they were given.
   */
  end(event: FlowEvent, fields: EndFields, captures: readonly Capture[] = []): void {
    if (this.#ended) return;
    this.#ended = true;
    let closing: Promise<void>[] | null = null;
    for (const capture of captures) {
      const closed = capture.close();
      if (closed !== null) closing = [...(closing ?? []), closed];
    }
    if (closing === null) this.#write(event, fields, captures);
    else {
      this.#pending = Promise.all(closing).then(() => this.#write(event, fields, captures));
    }
  }

  #write(event: FlowEvent, fields: EndFields, captures: readonly Capture[]): void {
    const [link, number, identity] = [this.#link, this.#number, this.#identity];
    const copied = captures.map((capture) => capture.finish());
    this.#written = true;
    if (link.record(event, number, fields, identity, copied)) return;
    // The line would be too long: what was copied goes ahead of it.
    this.#written = false;
    for (const capture of captures) capture.spill();
    const rest = captures.map((capture) => capture.finish());
    this.#written = true;
    if (link.record(event, number, fields, identity, rest)) return;
    // Heads can be, too: JSON, or a fingerprint for each cookie, makes a byte many.
    const url = identity.url?.slice(0, SHORT_URL_CHARS) ?? '';
    link.record(event, number, withoutHeads(fields, rest), { ...identity, url });
  }
}

/** Of a URL in a record that had no room for heads. */
const SHORT_URL_CHARS = 1024;

/** The same without what may be long; nothing is cut in silence. */
function withoutHeads(fields: EndFields, copied: readonly FlowFields[]): EndFields {
  const all: EndFields = Object.assign({}, fields, ...copied);
  return {
    ...all,
    req_headers: undefined,
    res_headers: undefined,
    req_trailers: undefined,
    res_trailers: undefined,
    req_truncated: all.req_truncated ?? 'limit',
  };
}
