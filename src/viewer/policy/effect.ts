// Counts what a change of the policy would have done to the requests of the log. Pure: rows go in.

import type { Policy } from '../../shared/policy.ts';
import type { Row } from '../store/row.ts';
import { askOf, decideAgain } from './recorded-ask.ts';

export type Tally = {
  readonly requests: number;
  readonly agents: number;
  readonly hosts: number;
  /** The most frequent ones, for a person who wonders who that is. */
  readonly top_agents: readonly string[];
  readonly top_hosts: readonly string[];
};

export type Effect = {
  /** A file is wrong, so that nothing was counted: which one, and why. Empty: it was. */
  readonly problem: string;
  readonly newly_allowed: Tally;
  readonly newly_blocked: Tally;
  /** Requests looked at. */
  readonly requests: number;
  /** What was compared: the lists as they decide in this mode. */
  readonly mode: string;
  readonly window_s: number;
  /** False: the time was up before the whole window was read. */
  readonly complete: boolean;
  /** Seconds since 1970; null: nothing was read. */
  readonly searched_back_to: number | null;
};

/** Names of one kind that are told apart; what comes beyond is counted as requests only. */
const MAX_NAMES = 5000;
const MAX_TOP = 5;

/** Give it each row of a window; `result()` says what would be otherwise. */
export class EffectCount {
  readonly #before: Policy;
  readonly #after: Policy;
  readonly #nowMs: number;
  readonly #allowed = new Counter();
  readonly #blocked = new Counter();
  #requests = 0;

  constructor(before: Policy, after: Policy, nowMs: number) {
    this.#before = before;
    this.#after = after;
    this.#nowMs = nowMs;
  }

  take(row: Row): void {
    const ask = askOf(row, this.#nowMs);
    if (ask === null) return;
    this.#requests += 1;
    const before = decideAgain(this.#before, row, ask).passes;
    const after = decideAgain(this.#after, row, ask).passes;
    if (before !== after) (after ? this.#allowed : this.#blocked).add(row);
  }

  result(): Pick<Effect, 'newly_allowed' | 'newly_blocked' | 'requests'> {
    return {
      newly_allowed: this.#allowed.tally(),
      newly_blocked: this.#blocked.tally(),
      requests: this.#requests,
    };
  }
}

/** Of policies that are not known. */
export function notCounted(problem: string, mode: string, windowS: number): Effect {
  const nothing = { requests: 0, agents: 0, hosts: 0, top_agents: [], top_hosts: [] };
  return {
    newly_allowed: nothing,
    newly_blocked: nothing,
    requests: 0,
    problem,
    mode,
    window_s: windowS,
    complete: false,
    searched_back_to: null,
  };
}

class Counter {
  readonly #agents = new Map<string, number>();
  readonly #hosts = new Map<string, number>();
  #requests = 0;

  add(row: Row): void {
    this.#requests += 1;
    count(this.#agents, row.agent || row.client);
    count(this.#hosts, row.host);
  }

  tally(): Tally {
    return {
      requests: this.#requests,
      agents: this.#agents.size,
      hosts: this.#hosts.size,
      top_agents: top(this.#agents),
      top_hosts: top(this.#hosts),
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  const known = counts.get(name);
  if (known !== undefined || counts.size < MAX_NAMES) counts.set(name, (known ?? 0) + 1);
}

function top(counts: ReadonlyMap<string, number>): string[] {
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MAX_TOP)
    .map(([name]) => name);
}
