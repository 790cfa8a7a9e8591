// What another policy would change → lines for people, and the same for programs. Pure.

import { plainCount, plainText, plainTime } from './plain-text.ts';
import type { LogRead } from './read-log.ts';
import type { Flips, HostFlips } from './replay-count.ts';

export type ReplayFacts = {
  readonly read: LogRead;
  readonly flips: Flips;
  /** What was compared, in words. */
  readonly before: string;
  readonly after: string;
};

/** More hosts than that are in the JSON. */
const SHOWN_HOSTS = 10;
const SHOWN_AGENTS = 100;

/** Of all agents. */
export function totalsOf({ agents, untold }: Flips): {
  readonly newly_blocked: number;
  readonly newly_allowed: number;
} {
  const sum = (of: (agent: Flips['agents'][number]) => number, more: number) =>
    agents.reduce((total, agent) => total + of(agent), more);
  return {
    newly_blocked: sum((agent) => agent.newly_blocked, untold.newly_blocked),
    newly_allowed: sum((agent) => agent.newly_allowed, untold.newly_allowed),
  };
}

/** For a terminal. */
export function replayText({ read, flips, before, after }: ReplayFacts): string {
  const { newly_blocked, newly_allowed } = totalsOf(flips);
  const { span } = read;
  const when = span === null ? '' : `, ${plainTime(span.first)} to ${plainTime(span.last)} UTC`;
  return [
    `${plainCount(flips.judged)} requests and tunnels${when}`,
    `before  ${plainText(before, 300)}`,
    `after   ${plainText(after, 300)}`,
    ...unjudgedLines(read).map((line) => `note    ${line}`),
    '',
    `${plainCount(newly_blocked)} newly blocked, ${plainCount(newly_allowed)} newly allowed`,
    ...flips.agents
      .slice(0, SHOWN_AGENTS)
      .flatMap((agent) => [
        '',
        `${plainText(agent.agent) || 'unknown'}: ${plainCount(agent.newly_blocked)} newly blocked, ${plainCount(agent.newly_allowed)} newly allowed`,
        ...hostLines('blocked', agent.newly_blocked, agent.blocked_hosts),
        ...hostLines('allowed', agent.newly_allowed, agent.allowed_hosts),
      ]),
    ...(flips.agents.length > SHOWN_AGENTS
      ? ['', `and ${plainCount(flips.agents.length - SHOWN_AGENTS)} more agents: see --json`]
      : []),
  ].join('\n');
}

/** For programs. */
export function replayJson({ read, flips, before, after }: ReplayFacts): object {
  return {
    ...totalsOf(flips),
    judged: flips.judged,
    before,
    after,
    since: read.span?.first ?? null,
    until: read.span?.last ?? null,
    agents: flips.agents,
    untold: flips.untold,
    not_judged: {
      refused_otherwise: read.counts.standing,
      unclear: read.counts.unclear,
      damaged_lines: read.counts.damaged,
      unclear_hosts: read.unclearHosts,
      unread_segments: read.unread,
      running_unknown: !read.knowsRunning,
    },
  };
}

/** What was in the log and could not be judged, a line each. */
export function unjudgedLines({
  counts,
  unread,
  unclearHosts,
  knowsRunning,
}: Omit<LogRead, 'found'>): string[] {
  const { standing, unclear, damaged } = counts;
  const hosts = unclearHosts.map((text) => plainText(JSON.stringify(text))).join(', ');
  return [
    ...(standing > 0
      ? [`refused for what no rule changes (malformed, limits, identity): ${plainCount(standing)}`]
      : []),
    ...(unclear > 0
      ? [
          `${plainCount(unclear)} cannot be judged: no host, method or path that a rule may have${hosts === '' ? '' : `, such as of ${hosts}`}`,
        ]
      : []),
    ...(damaged > 0 ? [`${plainCount(damaged)} lines are no records: see leashctl verify`] : []),
    ...unread.map((text) => `not read to its end: ${plainText(text, 300)}`),
    ...(knowsRunning ? [] : ['which flows are still running cannot be told: they are not counted']),
  ];
}

function hostLines(what: string, total: number, hosts: readonly HostFlips[]): string[] {
  const shown = hosts.slice(0, SHOWN_HOSTS);
  const left = total - shown.reduce((sum, { count }) => sum + count, 0);
  const width = Math.max(0, ...shown.map(({ host }) => Math.min(40, host.length)));
  return [
    ...shown.map(
      ({ host, count, reason, example, id }) =>
        `  ${what} ${plainCount(count).padStart(11)}  ${host.padEnd(width)}  ${plainText(example)}  ${reason}, such as ${plainText(id)}`,
    ),
    ...(left > 0 ? [`  ${what} ${plainCount(left).padStart(11)}  at other hosts`] : []),
  ];
}
