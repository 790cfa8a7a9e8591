// What enforce mode blocks, or would: rows of the log in groups of host, port, agent, method and path
// prefix, with how often and when. Pure; its memory is bounded, and what had no room is counted.

import type { Policy } from '../../shared/policy.ts';
import { askOf, decideAgain, isOfAllowList } from '../policy/recorded-ask.ts';
import type { Row } from '../store/row.ts';
import { pathPrefix } from './path-prefix.ts';

export type BacklogGroup = {
  readonly host: string;
  readonly port: number;
  /** Name of the agent; empty: it is known by its address only. */
  readonly agent: string;
  readonly client: string;
  readonly method: string;
  /** Empty: refused before a path was known. */
  readonly prefix: string;
  /** The prefix stands for several paths. */
  readonly cut: boolean;
  readonly count: number;
  /** Of these, how many were refused; the others passed, marked. */
  readonly blocked: number;
  /** Seconds since 1970. */
  readonly first: number;
  readonly last: number;
  /** `2xx` → how often. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly bytes: number;
  readonly sent: number;
};

type Group = { -readonly [K in keyof BacklogGroup]: BacklogGroup[K] } & {
  statuses: Record<string, number>;
};

/** A host with more kinds of paths is shown with `/` for the rest. */
const MAX_PER_HOST = 50;
const MAX_GROUPS = 5000;

export class Backlog {
  readonly #policy: Policy;
  readonly #nowMs: number;
  readonly #groups = new Map<string, Group>();
  readonly #perHost = new Map<string, number>();
  #rows = 0;
  #solved = 0;
  #overflow = 0;

  /** `policy`: as it stands now, in enforce mode: what it lets pass by now is no backlog. */
  constructor(policy: Policy, nowMs: number) {
    this.#policy = policy;
    this.#nowMs = nowMs;
  }

  take(row: Row): void {
    if (!row.would_block && !isOfAllowList(row)) return;
    const ask = askOf(row, this.#nowMs);
    if (ask === null) return;
    if (decideAgain(this.#policy, row, ask).passes) {
      this.#solved += 1;
      return;
    }
    this.#rows += 1;
    const path = ask.path === undefined ? { prefix: '', cut: false } : pathPrefix(ask.path);
    const group = this.#groupFor(row, path) ?? this.#groupFor(row, { prefix: '/', cut: true }, 2);
    if (group === null) this.#overflow += 1;
    else addRow(group, row);
  }

  /** Of `rows`, `overflow` are in no group; `solved` ones the policy lets pass by now. */
  result() {
    return {
      groups: [...this.#groups.values()] as readonly BacklogGroup[],
      rows: this.#rows,
      solved: this.#solved,
      overflow: this.#overflow,
    };
  }

  #groupFor(row: Row, { prefix, cut }: { prefix: string; cut: boolean }, times = 1): Group | null {
    const key = JSON.stringify([row.host, row.port, row.agent || row.client, row.method, prefix]);
    const known = this.#groups.get(key);
    if (known !== undefined) {
      known.cut ||= cut;
      return known;
    }
    const ofHost = this.#perHost.get(row.host) ?? 0;
    if (ofHost >= MAX_PER_HOST * times || this.#groups.size >= MAX_GROUPS) return null;
    this.#perHost.set(row.host, ofHost + 1);
    const group = newGroup(row, prefix, cut);
    this.#groups.set(key, group);
    return group;
  }
}

function newGroup(row: Row, prefix: string, cut: boolean): Group {
  return {
    host: row.host,
    port: row.port ?? 0,
    agent: row.agent,
    client: row.client,
    method: row.method,
    prefix,
    cut,
    count: 0,
    blocked: 0,
    first: row.ts,
    last: row.ts,
    statuses: {},
    bytes: 0,
    sent: 0,
  };
}

function addRow(group: Group, row: Row): void {
  group.count += 1;
  if (!row.would_block) group.blocked += 1;
  group.first = Math.min(group.first, row.ts);
  group.last = Math.max(group.last, row.ts);
  group.bytes += row.bytes;
  group.sent += row.req_bytes;
  if (row.would_block && row.status !== null) {
    const name = `${Math.floor(row.status / 100)}xx`;
    group.statuses[name] = (group.statuses[name] ?? 0) + 1;
  }
}
