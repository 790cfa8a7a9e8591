// What was found in a log → the suggested allowlist as text, held against the policy loader. Pure.

import { isProblems, parseRules } from '../../shared/policy-file.ts';
import type { PolicySource } from '../../shared/policy-source.ts';
import type { LogRead } from '../replay/read-log.ts';
import { unjudgedLines } from '../replay/replay-text.ts';
import type { GroupsFound } from './ask-groups.ts';
import { evidenceOf } from './evidence.ts';
import { type Evidence, type SuggestFacts, suggestText } from './suggest-text.ts';
import { suggestEntries } from './suggestion.ts';

export type SuggestInput = {
  readonly read: Omit<LogRead, 'found'>;
  readonly found: GroupsFound;
  /** The policy in force; null: there is none to be read. */
  readonly present: PolicySource | null;
  /** What the overlay says, beside which the list will stand. */
  readonly overlay: PolicySource['allow'];
  readonly command: string;
  readonly nowMs: number;
};

export type Suggested = {
  readonly text: string;
  readonly shown: readonly Evidence[];
  readonly leftOut: SuggestFacts['leftOut'];
  /** Lines for the person who asked. */
  readonly notes: readonly string[];
};

/** Throws where the loader would not take the text: that is a fault of ours, and nobody is to use it. */
export function makeSuggestion(input: SuggestInput): Suggested {
  const { read, found, present, overlay, command, nowMs } = input;
  const { entries, uncovered } = suggestEntries(found, { overlay });
  const leftOut = [...found.leftOut, uncoveredOf(uncovered)].sort((a, b) =>
    a.why < b.why ? -1 : 1,
  );
  const notes = [...unjudgedLines(read), ...agentNotes(present)];
  const { text, shown } = suggestText(evidenceOf(entries, present, nowMs), {
    command,
    madeAt: nowMs / 1000,
    span: read.span,
    asks: read.counts.asks,
    notes,
    leftOut,
  });
  const parsed = parseRules('enforce.yaml', text);
  if (isProblems(parsed)) {
    const [first] = parsed;
    throw new Error(`Cannot suggest: line ${first?.line} is not valid: ${first?.message}`);
  }
  return { text, shown, leftOut, notes };
}

function agentNotes(present: PolicySource | null): string[] {
  if (present !== null && present.agents.length > 0) return [];
  return ['There is no agents.yaml that names agents, so that each entry is for anybody.'];
}

function uncoveredOf(groups: readonly { readonly host: string; readonly count: number }[]) {
  const hosts = new Map<string, number>();
  for (const { host, count } of groups) hosts.set(host, (hosts.get(host) ?? 0) + count);
  return {
    why: 'uncovered' as const,
    count: groups.reduce((sum, { count }) => sum + count, 0),
    hosts: [...hosts].map(([host, count]) => ({ host, count })),
  };
}
