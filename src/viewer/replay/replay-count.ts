// Counts, by agent and host, the asks of a log that another policy would decide otherwise. Pure; its memory
// is bounded, and what had no room is counted all the same.

import type { AskJudge, Judged } from './ask-judge.ts';
import { passesNow } from './baseline.ts';
import type { AskFacts, SeenAsk } from './recorded-flow.ts';

/** What flips at one host. */
export type HostFlips = {
  /** `host:port`. */
  readonly host: string;
  /** Why the new policy says what it says, of the first one. */
  readonly reason: string;
  /** `GET /v1/`, or `tunnel`: of the first one. */
  readonly example: string;
  readonly id: string;
  readonly count: number;
  readonly first: number;
  readonly last: number;
};

type AgentFlips = {
  /** Name, or address where it has none. */
  readonly agent: string;
  readonly newly_blocked: number;
  readonly newly_allowed: number;
  readonly blocked_hosts: readonly HostFlips[];
  readonly allowed_hosts: readonly HostFlips[];
};

/** What was counted; can cross threads, and be added to another count. */
export type Flips = {
  readonly judged: number;
  readonly agents: readonly AgentFlips[];
  /** Flips of agents and hosts beyond those that are told apart. */
  readonly untold: { readonly newly_blocked: number; readonly newly_allowed: number };
};

/** Far more than anybody reads. */
const MAX_AGENTS = 1000;
const MAX_HOSTS = 20_000;
/** Kinds of asks whose answer is remembered. */
const MAX_KNOWN = 16_000;
const EXAMPLE_CHARS = 120;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Side = { count: number; readonly hosts: Map<string, Mutable<HostFlips>> };
type Agent = { readonly blocked: Side; readonly allowed: Side };
type Answer = { readonly before: boolean; readonly after: Judged };

export class ReplayCount {
  readonly #before: AskJudge | null;
  readonly #after: AskJudge;
  readonly #agents = new Map<string, Agent>();
  readonly #known = new Map<AskFacts, Answer>();
  #judged = 0;
  #hosts = 0;
  #untold = { newly_blocked: 0, newly_allowed: 0 };

  /** `before` null: what is in force is not known, and the record says what passes. */
  constructor(before: AskJudge | null, after: AskJudge) {
    this.#before = before;
    this.#after = after;
  }

  take(seen: SeenAsk): void {
    this.#judged += 1;
    const { facts, ts, id } = seen;
    const { before, after } = this.#answer(facts);
    if (before === after.passes) return;
    const flip = {
      host: facts.ask.target.authority,
      reason: after.reason,
      example: exampleOf(after),
      id,
      count: 1,
      first: ts,
      last: ts,
    };
    this.#add(facts.agent || facts.client, after.passes ? 'allowed' : 'blocked', flip);
  }

  /** What another count found, of another part of the log. */
  merge(other: Flips): void {
    this.#judged += other.judged;
    for (const { agent, ...found } of other.agents) {
      this.#addAll(agent, 'blocked', found.newly_blocked, found.blocked_hosts);
      this.#addAll(agent, 'allowed', found.newly_allowed, found.allowed_hosts);
    }
    this.#untold.newly_blocked += other.untold.newly_blocked;
    this.#untold.newly_allowed += other.untold.newly_allowed;
  }

  /** Most blocked agents first, and most frequent hosts. */
  result(): Flips {
    const agents = [...this.#agents].map(([agent, { blocked, allowed }]) => ({
      agent,
      newly_blocked: blocked.count,
      newly_allowed: allowed.count,
      blocked_hosts: sorted(blocked),
      allowed_hosts: sorted(allowed),
    }));
    agents.sort(
      (a, b) =>
        b.newly_blocked - a.newly_blocked ||
        b.newly_allowed - a.newly_allowed ||
        (a.agent < b.agent ? -1 : 1),
    );
    return { judged: this.#judged, agents, untold: { ...this.#untold } };
  }

  #answer(facts: AskFacts): Answer {
    const known = this.#known.get(facts);
    if (known !== undefined) return known;
    const before = passesNow(this.#before?.judge(facts) ?? null, facts);
    const answer = { before, after: this.#after.judge(facts) };
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(facts, answer);
    return answer;
  }

  /** A side's count beyond that of its hosts is of hosts that had no room. */
  #addAll(name: string, side: keyof Agent, count: number, hosts: readonly HostFlips[]): void {
    let left = count;
    for (const host of hosts) {
      this.#add(name, side, host);
      left -= host.count;
    }
    const agent = this.#agents.get(name);
    if (agent !== undefined) agent[side].count += left;
    else this.#untold[side === 'blocked' ? 'newly_blocked' : 'newly_allowed'] += left;
  }

  #add(name: string, side: keyof Agent, flip: HostFlips): void {
    const agent = this.#agentOf(name);
    if (agent === null) {
      this.#untold[side === 'blocked' ? 'newly_blocked' : 'newly_allowed'] += flip.count;
      return;
    }
    const { hosts } = agent[side];
    agent[side].count += flip.count;
    const known = hosts.get(flip.host);
    if (known !== undefined) {
      known.count += flip.count;
      // Threads take segments as they come: the example is the first one, whoever read it.
      if (flip.first < known.first || (flip.first === known.first && flip.id < known.id)) {
        const { reason, example, id, first } = flip;
        Object.assign(known, { reason, example, id, first });
      }
      known.last = Math.max(known.last, flip.last);
    } else if (this.#hosts < MAX_HOSTS) {
      this.#hosts += 1;
      hosts.set(flip.host, { ...flip });
    }
  }

  #agentOf(name: string): Agent | null {
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    if (this.#agents.size >= MAX_AGENTS) return null;
    const side = (): Side => ({ count: 0, hosts: new Map() });
    const agent = { blocked: side(), allowed: side() };
    this.#agents.set(name, agent);
    return agent;
  }
}

function sorted({ hosts }: Side): HostFlips[] {
  return [...hosts.values()].sort((a, b) => b.count - a.count || (a.host < b.host ? -1 : 1));
}

function exampleOf({ ask }: Judged): string {
  if (ask.stage !== 'request') return 'tunnel';
  return `${ask.method} ${ask.path}`.slice(0, EXAMPLE_CHARS);
}
