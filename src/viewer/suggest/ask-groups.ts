// What an allowlist would have to have: the asks of a log that are to pass, in groups of host, port, agent,
// method and path prefix, each with its evidence. Pure. Agents choose what they ask for, so everything is
// bounded: paths get shorter, then names below one domain become one, and what has no room is counted.

import { INTERNAL_HOST, parseHost } from '../../shared/host.ts';
import { compilePolicy } from '../../shared/policy.ts';
import { EMPTY_POLICY } from '../../shared/policy-source.ts';
import { widerHosts } from '../../shared/policy-suffix.ts';
import { pathPrefix } from '../harden/path-prefix.ts';
import { AskJudge, type JudgeContext } from '../replay/ask-judge.ts';
import { passesNow } from '../replay/baseline.ts';
import type { AskFacts, SeenAsk } from '../replay/recorded-flow.ts';
import { cutPrefix, FULL_DEPTH, validPrefix } from './path-set.ts';

/** `ambiguous`: no prefix may allow its path. `tunnel`: nobody looks into it. `connect`: no request was seen. */
export type GroupKind = 'request' | 'ambiguous' | 'tunnel' | 'connect';

export type Group = {
  /** Of the first one, where it stands for several. */
  readonly host: string;
  readonly port: number;
  /** As the policy in force knows it; empty: anybody. */
  readonly agent: string;
  readonly kind: GroupKind;
  readonly method: string;
  /** Empty where no path counts. */
  readonly prefix: string;
  /** The address is open to entries with `private: true` only. */
  readonly isPrivate: boolean;
  readonly id: string;
  readonly count: number;
  readonly failed: number;
  readonly wouldBlock: number;
  /** Refused then; an entry of now lets it pass. */
  readonly refused: number;
  readonly first: number;
  readonly last: number;
};

/**
 * What no entry is suggested for. `refused`: it was, and nothing allows it now. `closed`: its address is.
 * `nobody`: who asked is nobody that the policy in force knows, and nobody else may ask.
 */
export type LeftOut = 'refused' | 'closed' | 'nobody' | 'room';

export type GroupsFound = {
  /** `*.x`: so many names below `x` that they are not told apart. */
  readonly hosts: readonly {
    readonly host: string;
    readonly depth: number;
    readonly groups: readonly Group[];
  }[];
  readonly leftOut: readonly {
    readonly why: LeftOut;
    readonly count: number;
    /** Some of them. */
    readonly hosts: readonly { readonly host: string; readonly count: number }[];
  }[];
};

export type GroupOptions = JudgeContext & {
  /** This agent's asks only; empty: those of all. */
  readonly agent: string;
};

const MAX_HOSTS = 20_000;
const MAX_GROUPS = 200_000;
const MAX_PER_HOST = 300;
/** Names below one domain that are told apart. */
const MAX_BELOW = 1000;
/** Kinds of asks whose group is remembered. */
const MAX_KNOWN = 16_000;
const MAX_LEFT_HOSTS = 1000;
/** No public suffix has as many labels; of a longer name the rest does not matter to what is above it. */
const SUFFIX_LABELS = 8;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Node = { readonly host: string; depth: number; groups: Map<string, Mutable<Group>> };
type Left = { count: number; readonly hosts: Map<string, number> };
/** What is known of asks of one kind; `group` holds as long as the node has this depth. */
type Known =
  | {
      readonly shape: Shape;
      readonly node: Node;
      readonly depth: number;
      readonly group: Mutable<Group>;
    }
  | { readonly shape: Shape | LeftOut | 'others'; readonly node: null };
type Shape = Pick<Group, 'port' | 'agent' | 'kind' | 'method' | 'prefix' | 'isPrivate'>;

export class AskGroups {
  readonly #present: AskJudge | null;
  readonly #addresses: AskJudge;
  readonly #agent: string;
  readonly #hosts = new Map<string, Node>();
  readonly #below = new Map<string, number>();
  readonly #left = new Map<LeftOut, Left>();
  readonly #known = new Map<AskFacts, Known>();
  #groups = 0;

  /** `present` null: what is in force is not known, and the record says what passes. */
  constructor(present: AskJudge | null, { agent, ...context }: GroupOptions) {
    this.#present = present;
    this.#addresses = present ?? new AskJudge(compilePolicy(1, EMPTY_POLICY), context);
    this.#agent = agent;
  }

  take(seen: SeenAsk): void {
    const { facts } = seen;
    const known = this.#known.get(facts);
    if (known !== undefined && known.node !== null && known.node.depth === known.depth) {
      addSeen(known.group, seen);
      return;
    }
    const { host } = facts.ask.target;
    const shape = known?.shape ?? this.#shapeOf(facts);
    if (typeof shape === 'string') {
      if (shape !== 'others') this.#leave(shape, host, 1);
      this.#remember(facts, { shape, node: null });
      return;
    }
    const node = this.#nodeFor(host);
    const empty = { failed: 0, wouldBlock: 0, refused: 0, count: 0, first: seen.ts, last: seen.ts };
    const group = node && this.#addTo(node, { ...shape, ...empty, host, id: seen.id });
    if (node === null || group === null) {
      this.#leave('room', host, 1);
      this.#remember(facts, { shape, node: null });
      return;
    }
    addSeen(group, seen);
    this.#remember(facts, { shape, node, depth: node.depth, group });
  }

  /** What was found in another part of the log. */
  merge({ hosts, leftOut }: GroupsFound): void {
    for (const { host, depth, groups } of hosts) {
      const node = this.#nodeFor(host);
      while (node !== null && node.depth > depth) this.#shorten(node);
      for (const group of groups) this.#add(host, group);
    }
    for (const { why, count, hosts: some } of leftOut) {
      this.#leave(why, '', count - some.reduce((sum, one) => sum + one.count, 0));
      for (const one of some) this.#leave(why, one.host, one.count);
    }
  }

  result(): GroupsFound {
    return {
      hosts: [...this.#hosts.values()].map(({ host, depth, groups }) => ({
        host,
        depth,
        groups: [...groups.values()],
      })),
      leftOut: [...this.#left].map(([why, { count, hosts }]) => ({
        why,
        count,
        hosts: [...hosts]
          .map(([host, times]) => ({ host, count: times }))
          .sort((a, b) => b.count - a.count || (a.host < b.host ? -1 : 1)),
      })),
    };
  }

  #remember(facts: AskFacts, known: Known): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(facts, known);
  }

  #shapeOf(facts: AskFacts): Shape | LeftOut | 'others' {
    // leash itself: no entry opens it or closes it.
    if (facts.ask.target.host === INTERNAL_HOST) return 'others';
    const judged = this.#present?.judge(facts) ?? null;
    const agent = judged?.agent ?? '';
    if (this.#agent !== '' && this.#agent !== agent && this.#agent !== facts.agent) return 'others';
    if (facts.wasRefused && !passesNow(judged, facts)) return 'refused';
    // No entry would help it, and one for anybody would be for all others.
    if (judged?.reason === 'identity_required') return 'nobody';
    const { isIp: literalRule, port } = facts.ask.target;
    const mayDial = (rights: Parameters<AskJudge['opens']>[1]) =>
      this.#addresses.opens(facts, rights);
    // What is closed by now the operator closed: a list of what passed then must not open it.
    if (!mayDial(judged ?? { privateRule: true, literalRule })) return 'closed';
    const isPrivate = !mayDial({ privateRule: false, literalRule });
    const ask = judged?.ask ?? facts.ask;
    const shape = { port, agent, isPrivate };
    if (ask.stage !== 'request') return { ...shape, kind: ask.stage, method: '', prefix: '' };
    if (ask.ambiguous) return { ...shape, kind: 'ambiguous', method: '', prefix: '' };
    const method = (ask.method ?? '').toUpperCase();
    const prefix = validPrefix(pathPrefix(ask.path ?? '/').prefix);
    return { ...shape, kind: 'request', method, prefix };
  }

  #add(host: string, group: Group): void {
    const node = this.#nodeFor(host);
    if (node === null || this.#addTo(node, group) === null) this.#leave('room', host, group.count);
  }

  #addTo(node: Node, group: Group): Mutable<Group> | null {
    for (;;) {
      const prefix = cutPrefix(group.prefix, node.depth);
      const key = `${group.port} ${group.agent} ${group.kind} ${group.isPrivate} ${group.method} ${prefix}`;
      const known = node.groups.get(key);
      if (known !== undefined) {
        addGroup(known, group);
        return known;
      }
      if (node.groups.size < MAX_PER_HOST && this.#groups < MAX_GROUPS) {
        const added = { ...group, prefix };
        node.groups.set(key, added);
        this.#groups += 1;
        return added;
      }
      if (node.depth === 0) return null;
      this.#shorten(node);
    }
  }

  /** Its prefixes become one name shorter. */
  #shorten(node: Node): void {
    const groups = [...node.groups.values()];
    this.#groups -= groups.length;
    node.groups = new Map();
    node.depth -= 1;
    for (const group of groups) this.#addTo(node, group);
  }

  #nodeFor(host: string): Node | null {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const domain = host.startsWith('*.') ? null : domainOf(host);
    const below = domain === null ? 0 : (this.#below.get(domain) ?? 0);
    if (domain !== null && below >= MAX_BELOW) return this.#nodeFor(`*.${domain}`);
    if (this.#hosts.size >= MAX_HOSTS) return null;
    if (domain !== null) this.#below.set(domain, below + 1);
    const node = { host, depth: FULL_DEPTH, groups: new Map() };
    this.#hosts.set(host, node);
    return node;
  }

  #leave(why: LeftOut, host: string, count: number): void {
    if (count === 0) return;
    const left = this.#left.get(why) ?? { count: 0, hosts: new Map<string, number>() };
    this.#left.set(why, left);
    left.count += count;
    const known = left.hosts.get(host);
    if (host === '' || (known === undefined && left.hosts.size >= MAX_LEFT_HOSTS)) return;
    left.hosts.set(host, (known ?? 0) + count);
  }
}

/** The widest name above a host that is somebody's; null: it has none above it. */
function domainOf(host: string): string | null {
  const name = parseHost(host.split('.').slice(-SUFFIX_LABELS).join('.'));
  return typeof name === 'string' ? (widerHosts(name).at(-1) ?? null) : null;
}

function addSeen(group: Mutable<Group>, seen: SeenAsk): void {
  const { facts, failed, wouldBlock, ts } = seen;
  group.count += 1;
  if (failed) group.failed += 1;
  if (wouldBlock) group.wouldBlock += 1;
  if (facts.wasRefused) group.refused += 1;
  if (ts < group.first) {
    group.first = ts;
    group.id = seen.id;
  }
  if (ts > group.last) group.last = ts;
}

function addGroup(group: Mutable<Group>, more: Group): void {
  group.count += more.count;
  group.failed += more.failed;
  group.wouldBlock += more.wouldBlock;
  group.refused += more.refused;
  // Threads take segments as they come: the example is the first one, whoever read it.
  if (more.first < group.first || (more.first === group.first && more.id < group.id)) {
    group.first = more.first;
    group.id = more.id;
    group.host = more.host;
  }
  group.last = Math.max(group.last, more.last);
}
