// What is to be said of each suggested entry: how often, when, an example, and what the policy of now has to
// say about its host. Pure.

import { compilePolicy, decide, type Policy } from '../../shared/policy.ts';
import type { PolicySource } from '../../shared/policy-source.ts';
import type { Entry } from './host-entries.ts';
import type { Evidence } from './suggest-text.ts';
import { askOfGroup } from './suggestion.ts';

/** `present` null: there is none to be read. */
export function evidenceOf(
  entries: readonly Entry[],
  present: PolicySource | null,
  nowMs: number,
): Evidence[] {
  const inMode = (mode: PolicySource['mode']) =>
    present === null ? null : compilePolicy(1, { ...present, mode });
  const lists = { allow: inMode('enforce'), block: inMode('blocklist') };
  const ends = new Map(
    (present?.allow ?? []).flatMap(({ text, expiresAtMs }) =>
      expiresAtMs === null ? [] : [[text, expiresAtMs / 1000] as const],
    ),
  );
  return entries.map((entry) => {
    const { groups } = entry;
    const sum = (of: (group: Entry['groups'][number]) => number) =>
      groups.reduce((total, group) => total + of(group), 0);
    const allowedBy = rulesOf(lists.allow, entry, nowMs).filter(({ allow }) => allow);
    const blockedBy = rulesOf(lists.block, entry, nowMs).find(
      ({ reason }) => reason === 'in_blocklist',
    );
    const [example] = [...groups].sort((a, b) => a.first - b.first || (a.id < b.id ? -1 : 1));
    const endings = allowedBy.flatMap(({ rule }) => ends.get(rule) ?? []);
    return {
      entry,
      count: sum((group) => group.count),
      failed: sum((group) => group.failed),
      wouldBlock: sum((group) => group.wouldBlock),
      refused: sum((group) => group.refused),
      first: groups.reduce((least, { first }) => Math.min(least, first), Number.POSITIVE_INFINITY),
      last: groups.reduce((most, { last }) => Math.max(most, last), Number.NEGATIVE_INFINITY),
      id: example?.id ?? '',
      blockRule: blockedBy?.rule ?? '',
      endsAt: endings.length === 0 ? null : endings.reduce((a, b) => Math.min(a, b)),
    };
  });
}

function rulesOf(policy: Policy | null, { groups }: Entry, nowMs: number) {
  if (policy === null) return [];
  return groups.flatMap((group) => {
    const ask = askOfGroup(group);
    return ask === null ? [] : decide(policy, { ...ask, nowMs });
  });
}
