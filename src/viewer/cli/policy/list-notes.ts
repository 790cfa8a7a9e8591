// What people overlook who change one list: that another mode is in force, that an overlay has entries
// for the same host, or that nobody is the agent it is for. Pure.

import { isProblems, parseAgents, parseRules } from '../../../shared/policy-file.ts';
import type { EditFile, EntrySpec } from '../../policy/policy-edit.ts';
import { show } from '../paint.ts';

const OVERLAYS = {
  'enforce.yaml': 'enforce.local.yaml',
  'blocklist.yaml': 'blocklist.local.yaml',
} as const;

export type ListChange = {
  readonly kind: 'add' | 'remove';
  readonly file: EditFile;
  readonly entries: readonly EntrySpec[];
};

/** One line each; none where all is as expected. */
export function listNotes(
  texts: Readonly<Record<string, string>>,
  { kind, file, entries }: ListChange,
): string[] {
  const notes = modeNotes(texts.mode?.trim() || 'enforce', file);
  if (kind === 'add') notes.push(...agentNotes(texts, entries));
  const overlay = OVERLAYS[file];
  const hosts = hostsOf(texts, overlay);
  for (const { host } of entries) {
    const name = host.replace(/^\*\./, '');
    if (!hosts.has(name)) continue;
    const what =
      kind === 'add'
        ? `beside those of ${file} they do not count`
        : `they count where ${file} has none`;
    notes.push(`note: ${overlay} has entries for ${show(name)}: ${what}`);
  }
  return notes;
}

/** Whether an overlay has entries of a host: `leashctl remove` does not edit it. */
export function overlayWith(
  texts: Readonly<Record<string, string>>,
  file: EditFile,
  host: string,
): string | null {
  return hostsOf(texts, OVERLAYS[file]).has(host) ? OVERLAYS[file] : null;
}

function modeNotes(mode: string, file: EditFile): string[] {
  if (mode === 'blocklist' && file === 'enforce.yaml') {
    return ['note: the mode is blocklist: of the allow list only "private" counts now'];
  }
  if (mode !== 'blocklist' && file === 'blocklist.yaml') {
    return [`note: the mode is ${show(mode)}: the blocklist counts in blocklist mode only`];
  }
  return [];
}

function agentNotes(
  texts: Readonly<Record<string, string>>,
  entries: readonly EntrySpec[],
): string[] {
  const parsed = parseAgents(texts['agents.yaml'] ?? '');
  if (isProblems(parsed)) return [];
  const known = new Set(parsed.agents.map(({ name }) => name));
  return entries
    .flatMap(({ agents = [] }) => agents)
    .filter((name) => !known.has(name))
    .map((name) => `note: agents.yaml knows no agent ${show(name)}: the entry is for nobody`);
}

function hostsOf(
  texts: Readonly<Record<string, string>>,
  overlay: (typeof OVERLAYS)[EditFile],
): ReadonlySet<string> {
  const rules = parseRules(overlay, texts[overlay] ?? '');
  return new Set(isProblems(rules) ? [] : rules.map(({ host }) => host));
}
