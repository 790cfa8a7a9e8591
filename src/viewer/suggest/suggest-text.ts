// A suggested allowlist → the text of enforce.yaml, with the evidence of each entry in comments, and the same
// as JSON. Pure. The text is what the policy loader takes; whatever an agent chose stands in quotes or is
// escaped, so that no comment can be left by what stands in it.

import { LIMITS } from '../../shared/limits.ts';
import { plainCount, plainText, plainTime, yamlText } from '../replay/plain-text.ts';
import type { LeftOut } from './ask-groups.ts';
import type { Entry } from './host-entries.ts';

/** An entry with what is to be said of it. */
export type Evidence = {
  readonly entry: Entry;
  readonly count: number;
  readonly failed: number;
  readonly wouldBlock: number;
  readonly refused: number;
  readonly first: number;
  readonly last: number;
  readonly id: string;
  /** Where the list of what is blocked names it: `blocklist.yaml:3 evil.test`. Empty: nowhere. */
  readonly blockRule: string;
  /** The entry of now that lets it pass ends then (seconds since 1970); null: there is none that ends. */
  readonly endsAt: number | null;
};

export type SuggestFacts = {
  /** The command that made it. */
  readonly command: string;
  readonly madeAt: number;
  readonly span: { readonly first: number; readonly last: number } | null;
  readonly asks: number;
  readonly notes: readonly string[];
  readonly leftOut: readonly {
    readonly why: LeftOut | 'uncovered';
    readonly count: number;
    readonly hosts: readonly { readonly host: string; readonly count: number }[];
  }[];
};

/** Room for what is at the top and at the end. */
const MAX_TEXT = LIMITS.policyFileBytes - 500_000;
const SHOWN_HOSTS = 20;

const LEFT: Readonly<Record<LeftOut | 'uncovered', string>> = {
  refused: 'were refused then, and no entry lets them pass now',
  closed:
    'went to an address that nothing opens now (allow_private in network.yaml, or private: true)',
  nobody: 'came from clients that agents.yaml does not know, where require_identity is true',
  room: 'were to more hosts, or asked in more ways, than there is room for',
  uncovered: 'cannot be let pass by an entry of their host alone',
};

/** The text of the file. What finds no room is left out, the rarest first, and counted. */
export function suggestText(
  evidence: readonly Evidence[],
  facts: SuggestFacts,
): { readonly text: string; readonly shown: readonly Evidence[] } {
  const blocks = new Map(evidence.map((each) => [each, entryText(each)]));
  const shown = new Set<Evidence>();
  let chars = 0;
  for (const each of [...evidence].sort((a, b) => b.count - a.count)) {
    chars += blocks.get(each)?.length ?? 0;
    if (chars > MAX_TEXT || shown.size >= LIMITS.policyRules) break;
    shown.add(each);
  }
  const kept = evidence.filter((each) => shown.has(each));
  const missing = evidence.filter((each) => !shown.has(each));
  const room = {
    why: 'room' as const,
    count: missing.reduce((sum, { count }) => sum + count, 0),
    hosts: missing.map(({ entry, count }) => ({ host: entry.host, count })),
  };
  const leftOut = room.count === 0 ? facts.leftOut : [...facts.leftOut, room];
  const text = [
    ...header({ ...facts, leftOut }, kept),
    kept.length === 0 ? 'allow: []' : 'allow:',
    ...kept.map((each) => blocks.get(each) ?? ''),
  ].join('\n');
  return { text: `${text}\n`, shown: kept };
}

function header(facts: SuggestFacts, kept: readonly Evidence[]): string[] {
  const { command, madeAt, span, asks, notes, leftOut } = facts;
  const when = span === null ? '' : `, ${plainTime(span.first)} to ${plainTime(span.last)} UTC`;
  const listed = kept.filter(({ blockRule }) => blockRule !== '');
  return [
    `# Made by: ${command}`,
    `# on ${plainTime(madeAt)} UTC, of ${plainCount(asks)} requests and tunnels${when}.`,
    '# It lets pass what passed then, and little else: read it before you put it in force, and see',
    '# leashctl replay for what would change.',
    ...notes.map((note) => `# ${plainText(note, 300)}`),
    ...(listed.length === 0
      ? []
      : [
          `# IN THE BLOCKLIST, at which enforce mode does not look: ${listed
            .slice(0, SHOWN_HOSTS)
            .map(({ entry }) => entry.host)
            .join(', ')}${listed.length > SHOWN_HOSTS ? ' and more' : ''}`,
        ]),
    ...leftOut.flatMap(leftLines),
  ].map((line) => line.trimEnd());
}

function leftLines({ why, count, hosts }: SuggestFacts['leftOut'][number]): string[] {
  if (count === 0) return [];
  const some = hosts
    .slice(0, SHOWN_HOSTS)
    .map((one) => `${plainText(one.host)} (${plainCount(one.count)})`);
  const more = hosts.length > SHOWN_HOSTS ? ' and more' : '';
  return [
    `# Left out: ${plainCount(count)} that ${LEFT[why]}${some.length === 0 ? '' : ':'}`,
    ...(some.length === 0 ? [] : [`#   ${some.join(', ')}${more}`]),
  ];
}

/** One entry and the comments above it, without a newline at its end. */
function entryText(evidence: Evidence): string {
  const { entry } = evidence;
  const { host, subdomains, ports, agents, paths, isPrivate } = entry;
  return [
    ...commentLines(evidence).map((line) => `  # ${line}`),
    `  - host: ${yamlText(host)}`,
    `    ports: [${ports.join(', ')}]`,
    `    subdomains: ${subdomains}`,
    ...(paths === null
      ? []
      : ['    paths:', ...paths.map((path) => `      - ${flow({ ...path })}`)]),
    ...(agents === null ? [] : [`    agents: [${agents.map(yamlText).join(', ')}]`]),
    ...(isPrivate ? ['    private: true'] : []),
  ].join('\n');
}

function commentLines(evidence: Evidence): string[] {
  const { entry, count, failed, wouldBlock, refused, blockRule, endsAt } = evidence;
  const who = entry.agents === null ? 'anybody' : entry.agents.slice(0, 5).join(', ');
  const more =
    (entry.agents?.length ?? 0) > 5 ? ` and ${(entry.agents?.length ?? 0) - 5} more` : '';
  return [
    `${plainCount(count)} by ${plainText(who)}${more}, ${plainTime(evidence.first)} to ${plainTime(evidence.last)}, such as ${plainText(evidence.id)}`,
    ...(wouldBlock > 0 ? [`${plainCount(wouldBlock)} of them marked would_block_in_enforce`] : []),
    ...(failed > 0
      ? [failed === count ? 'all of them failed' : `${plainCount(failed)} of them failed`]
      : []),
    ...(refused > 0
      ? [`${plainCount(refused)} of them were refused then; an entry of now lets them pass`]
      : []),
    ...entry.notes.map((note) => `wide: ${plainText(note, 300)}`),
    ...(blockRule === '' ? [] : [`IN THE BLOCKLIST: ${plainText(blockRule)}`]),
    ...(endsAt === null
      ? []
      : [`passes now by an entry that ends ${plainTime(endsAt)}: this one does not end`]),
  ];
}

function flow(fields: Readonly<Record<string, string>>): string {
  const members = Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${yamlText(value)}`);
  return `{ ${members.join(', ')} }`;
}
