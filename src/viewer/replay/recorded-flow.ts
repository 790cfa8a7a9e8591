// The line of a record → what was asked then, and what became of it: for whoever judges it again. Pure.
// One fact of many lines: agents ask the same again and again, so each kind is read once and shared.

import { endsFlow } from '../../shared/audit-event.ts';
import type { Ask } from '../../shared/policy.ts';
import { askOf, isOfAddress, isRefusedOtherwise, type Recorded } from '../policy/recorded-ask.ts';
import type { LineScan } from './line-scan.ts';

/** What was asked, as often as it was. */
export type AskFacts = {
  readonly ask: Ask;
  /** As recorded; empty: it was known by its address only. */
  readonly agent: string;
  readonly client: string;
  /** The policy of then refused it; else it passed, whatever came of it. */
  readonly wasRefused: boolean;
  /** It was refused for the address that its name led to. */
  readonly isOfAddress: boolean;
  /** It came by a tunnel, or is one: a tunnel may be one that nobody looks into. */
  readonly isTunnelled: boolean;
  /** The address that was dialled; empty: none, or none is on the record. */
  readonly ip: string;
};

/** One time that it was asked. */
export type SeenAsk = {
  readonly facts: AskFacts;
  /** Seconds since 1970. */
  readonly ts: number;
  readonly id: string;
  /** It was let pass, and failed. */
  readonly failed: boolean;
  readonly wouldBlock: boolean;
};

/**
 * Why a line is no ask. `other`: it is about something else. `standing`: it was refused for what no rule
 * changes. `unclear`: nobody can tell what it asked. `damaged`: it is no record.
 */
export type NoAsk = 'other' | 'standing' | 'unclear' | 'damaged';

/** RFC 9110 section 5.6.2, as rules have it: what is no method was refused, or is not of leash. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;
const MAX_NAME = 64;
const QUESTION_MARK = 0x3f;
/** Kinds that are held at once; full: all are forgotten, and read again where they come again. */
const MAX_FACTS = 16_000;
const MAX_ID = 64;

/** Reads lines of one log that a scan was given; holds what they have in common. */
export class FlowReader {
  readonly #scan: LineScan;
  readonly #facts = new Map<string, AskFacts | NoAsk>();

  constructor(scan: LineScan) {
    this.#scan = scan;
  }

  /** The line that the scan has now; `isOpen`: it opened a flow of which no end is known. */
  read(isOpen = false): SeenAsk | NoAsk {
    const scan = this.#scan;
    if (scan.isStamped && !isOpen && !endsFlow(scan.event)) return 'other';
    if (!scan.members()) return 'damaged';
    const { event } = scan;
    if (!isOpen && !endsFlow(event)) return 'other';
    // Its requests have records of their own.
    if (event === 'connect_closed' && (scan.number('requests') ?? 0) > 0) return 'other';
    const facts = this.#factsOf(event);
    if (typeof facts === 'string') return facts;
    return {
      facts,
      ts: scan.ts,
      id: scan.id.slice(0, MAX_ID) || '-',
      failed: event === 'error',
      wouldBlock: scan.text('audit') !== '',
    };
  }

  #factsOf(event: string): AskFacts | NoAsk {
    const scan = this.#scan;
    const rest = {
      event,
      reason: event === 'blocked' || event === 'revoked' ? scan.text('reason') : '',
      ip: scan.text('upstream_ip'),
      isInner: scan.text('tunnel') !== '',
    };
    // What is asked of a server by the query is no part of what a rule looks at.
    const raw = scan.rawIdentity(QUESTION_MARK);
    if (raw === null) return this.#newFacts(rest);
    const key = `${event} ${rest.reason}\n${rest.ip} ${rest.isInner}\n${raw}`;
    const known = this.#facts.get(key);
    if (known !== undefined) return known;
    const facts = this.#newFacts(rest);
    if (this.#facts.size >= MAX_FACTS) this.#facts.clear();
    this.#facts.set(key, facts);
    return facts;
  }

  #newFacts({ event, reason, ip, isInner }: Rest): AskFacts | NoAsk {
    const scan = this.#scan;
    const fields = {
      host: scan.text('host'),
      port: scan.number('port'),
      agent: scan.text('agent'),
      method: scan.text('method'),
      url: scan.text('url', QUESTION_MARK),
      event,
      class: classOf(event),
      reason,
    };
    return toFacts(fields, { client: scan.text('client'), ip, isInner });
  }
}

type Rest = {
  readonly event: string;
  readonly reason: string;
  readonly ip: string;
  readonly isInner: boolean;
};

function classOf(event: string): Recorded['class'] {
  if (event === 'blocked' || event === 'revoked') return 'blocked';
  return event === 'uninspected' ? 'uninspected' : 'allowed';
}

function toFacts(
  fields: Recorded,
  { client, ip, isInner }: { client: string; ip: string; isInner: boolean },
): AskFacts | NoAsk {
  if (isRefusedOtherwise(fields)) return 'standing';
  const { agent, method, url } = fields;
  const ask = askOf(fields, 0);
  if (ask === null || agent.length > MAX_NAME || client.length > MAX_NAME) return 'unclear';
  if (ask.stage === 'request' && !METHOD.test(method)) return 'unclear';
  return {
    ask,
    agent,
    client,
    wasRefused: fields.class === 'blocked',
    isOfAddress: isOfAddress(fields),
    isTunnelled: isInner || ask.stage !== 'request' || /^https:/i.test(url),
    ip,
  };
}
