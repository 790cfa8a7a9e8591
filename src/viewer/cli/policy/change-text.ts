// A change of the policy, or a trial of one → what a person reads. Pure.

import type { Effect, Tally } from '../../policy/effect.ts';
import type { LevelChanges } from '../../policy/level-change.ts';
import type { Made } from '../../policy/policy-change.ts';
import { type Paint, show } from '../paint.ts';

/** The lines that differ, as `diff -u` shows them. */
export function diffText(diff: readonly string[], paint: Paint): string[] {
  return diff.map((line) => {
    if (line.startsWith('+')) return paint('green', line);
    return line.startsWith('-') ? paint('red', line) : paint('dim', line);
  });
}

/** What a trial says of the requests on the record. */
export function effectText(effect: Effect): string[] {
  if (effect.problem !== '') return [`nothing was counted: ${show(effect.problem)}`];
  const back = effect.searched_back_to;
  const isShort = !effect.complete && back !== null;
  const until = isShort ? `, back to ${timeText(back)} only: the time was up` : '';
  const window = windowText(effect.window_s);
  return [
    `of ${many(effect.requests, 'request')} in the last ${window}, as ${effect.mode} mode decides${until}:`,
    `  newly allowed  ${tallyText(effect.newly_allowed)}`,
    `  newly blocked  ${tallyText(effect.newly_blocked)}`,
  ];
}

/** What is meant by an entry below a wider one: people expect the two to add up. */
export function levelText({ narrows, widens }: LevelChanges): string[] {
  return [
    ...narrows.map(
      ({ host, parent }) =>
        `note: for ${show(host)} its own entry counts from now on, and no more that of ${show(parent)}`,
    ),
    ...widens.map(
      ({ host, parent }) => `note: for ${show(host)} the entry of ${show(parent)} counts again`,
    ),
  ];
}

/** Whether the workers have it; the first part goes to standard output, the second is a complaint. */
export function forceText(made: Pick<Made, 'in_force' | 'version' | 'pending' | 'file'>): {
  readonly done: string;
  readonly missing: string;
} {
  if (made.in_force) return { done: `in force, policy version ${made.version}`, missing: '' };
  const where = made.pending.length > 0 ? ` at worker ${made.pending.join(', ')}` : '';
  return {
    done: `written to ${made.file}`,
    missing: `not in force${where}; see leashctl status`,
  };
}

function tallyText({ requests, agents, hosts, top_agents, top_hosts }: Tally): string {
  if (requests === 0) return '0';
  const names = (list: readonly string[]) => list.map((name) => show(name)).join(', ');
  return `${many(requests, 'request')} of ${many(agents, 'agent')} (${names(top_agents)}) to ${many(hosts, 'host')} (${names(top_hosts)})`;
}

function windowText(seconds: number): string {
  const hours = Math.round(seconds / 3600);
  return hours % 24 === 0 && hours > 24 ? `${hours / 24} days` : many(hours, 'hour');
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).concat('Z');
}

function many(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}
