// The numbers of a fleet → the table that is printed. Pure.

import type { Numbers } from '../openloop/distribution.ts';

export type FleetNumbers = {
  readonly direct: Numbers;
  readonly leash: Numbers;
  readonly log: Numbers;
};

/** Title, name of the number, and whether the difference is of interest. */
const ROWS: readonly (readonly [title: string, name: string, isCompared: boolean])[] = [
  ['a token, p50 ms', 'eventP50Ms', true],
  ['a token, p99 ms', 'eventP99Ms', true],
  ['a token, max ms', 'eventMaxMs', true],
  ['prompt to first token, p50 ms', 'firstEventP50Ms', true],
  ['prompt to first token, p99 ms', 'firstEventP99Ms', true],
  ['tool call, p50 ms', 'getP50Ms', true],
  ['tool call, p99 ms', 'getP99Ms', true],
  ['git fetch, p50 ms', 'gitP50Ms', true],
  ['prompts', 'prompts', false],
  ['tool calls', 'gets', false],
  ['git fetches', 'gitFetches', false],
  ['tokens measured', 'events', false],
  ['failures', 'failures', false],
  ['git failures', 'gitFailures', false],
  ['tokens lost', 'lost', false],
  ['generator late, p99 ms', 'latenessP99Ms', false],
  ['origin late, p99 ms', 'originLatenessP99Ms', false],
];

/** A line for each number: straight to the origin, through leash, what leash adds; then its own numbers. */
export function formatFleet({ direct, leash, log }: FleetNumbers): string {
  const lines = [line('', 'direct', 'leash', 'added')];
  for (const [title, name, isCompared] of ROWS) {
    const [before = 0, after = 0] = [direct[name], leash[name]];
    lines.push(line(title, show(before), show(after), isCompared ? show(after - before) : ''));
  }
  const own: [string, number | undefined][] = [
    ['CPU, cores', leash.cpuCores],
    ['CPU, µs a token', leash.cpuMicrosPerEvent],
    ['memory before, MB', leash.restMemoryMb],
    ['memory, MB', leash.memoryMb],
    ['log, MB an agent and hour', log.mbPerAgentHour],
    ['log, MB in all', (log.bytes ?? 0) / 1e6],
    ['log, compression', log.compression],
  ];
  for (const [title, number] of own) lines.push(line(title, '', show(number ?? 0), ''));
  return lines.join('\n');
}

/** What must not be: each line says what and how often. */
export function findFailures({ direct, leash, log }: FleetNumbers): string[] {
  const counts: [string, number | undefined][] = [
    ['failures straight to the origin', direct.failures],
    ['failures through leash', leash.failures],
    ['failed git fetches', (direct.gitFailures ?? 0) + (leash.gitFailures ?? 0)],
    ['tokens lost', (direct.lost ?? 0) + (leash.lost ?? 0)],
    ['records of something else than whole answers', log.strange],
    ['bytes of tokens that are not in the log', log.eventBytesMissing],
  ];
  return counts.flatMap(([what, count = 0]) => (count === 0 ? [] : [`${count} ${what}`]));
}

function line(title: string, ...cells: readonly string[]): string {
  return `${title.padEnd(32)}${cells.map((cell) => cell.padStart(12)).join('')}`.trimEnd();
}

function show(number: number): string {
  if (Number.isInteger(number)) return String(number);
  return number.toFixed(Math.abs(number) < 100 ? 2 : 0);
}
