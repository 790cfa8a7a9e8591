// One flow (a tunnel or an exchange) as the record sees it: an id, who asks for what, and exactly
// one terminal record. Knows the link, nothing of sockets.
//
// Invariant: every accepted tunnel and exchange ends in exactly one terminal line, also when its worker dies.

import {
  type FlowEvent,
  type FlowFields,
  type FlowIdentity,
  MAX_RECORD_BYTES,
} from '../shared/audit-event.ts';
import { formatMembers, MAX_STAMP_BYTES } from '../shared/audit-line.ts';
import type { Verdict } from '../shared/ipc.ts';
import type { Capture } from './http/capture.ts';
import type { PrimaryLink } from './primary-link.ts';

export class Flow {
  readonly id: string;
  #identity: FlowIdentity;
  readonly #link: PrimaryLink;
  readonly #number: number;
  #ended = false;
  #written = false;
  #pending: Promise<void> | null = null;

  constructor(link: PrimaryLink, identity: FlowIdentity) {
    const { number, id } = link.nextFlow();
    this.id = id;
    this.#identity = identity;
    this.#link = link;
    this.#number = number;
  }

  get identity(): FlowIdentity {
    return this.#identity;
  }

  /** Who it is, as the policy that decides says; '' = unknown. */
  nameAgent(agent: string): void {
    if (agent === (this.#identity.agent ?? '')) return;
    const { tunnel, client, agent: _, ...others } = this.#identity;
    this.#identity = {
      ...(tunnel === undefined ? {} : { tunnel }),
      client,
      ...(agent === '' ? {} : { agent }),
      ...others,
    };
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Null: the terminal record waits for nothing. Else it is written when this resolves. */
  get pending(): Promise<void> | null {
    return this.#pending;
  }

  /** Asks the primary to put the flow on the log; only after `ack` may it go on. */
  open(event: 'intent' | 'connect_allowed', policy: number, rest: FlowFields): Promise<Verdict> {
    return this.#link.open({ event, flow: this.#number, policy, identity: this.identity, rest });
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
  end(event: FlowEvent, fields: FlowFields, captures: readonly Capture[] = []): void {
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

  #write(event: FlowEvent, fields: FlowFields, captures: readonly Capture[]): void {
    const all = collect(this.identity, fields, captures);
    this.#written = true;
    this.#link.record(event, this.#number, all);
  }
}

/** Joins the fields; captures that would make the line too long leave as parts first. */
function collect(
  identity: FlowIdentity,
  fields: FlowFields,
  captures: readonly Capture[],
): FlowFields {
  const inline = captures.map((capture) => capture.finish());
  const all: FlowFields = Object.assign({}, identity, fields, ...inline);
  if (captures.length === 0 || !mayBeTooLong(all)) return all;
  for (const capture of captures) capture.spill();
  return Object.assign({}, identity, fields, ...captures.map((capture) => capture.finish()));
}

/** Names, quotes, commas and the members that are short by themselves. */
const OTHER_BYTES = 8 * 1024;

function mayBeTooLong(fields: FlowFields): boolean {
  let chars = (fields.req_body?.length ?? 0) + (fields.res_body?.length ?? 0);
  chars += fields.url?.length ?? 0;
  const { req_headers, res_headers, req_trailers, res_trailers } = fields;
  for (const pairs of [req_headers, res_headers, req_trailers, res_trailers]) {
    for (const [name, value] of pairs ?? []) chars += name.length + value.length + 1;
  }
  // Six bytes for one is the worst that JSON does to a character.
  if (chars * 6 + OTHER_BYTES < MAX_RECORD_BYTES) return false;
  return Buffer.byteLength(formatMembers(fields)) > MAX_RECORD_BYTES - MAX_STAMP_BYTES;
}
