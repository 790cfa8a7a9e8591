// The table of verbs → help for a terminal. Pure.

import {
  COMMON_OPTIONS,
  EXIT,
  EXITS,
  type ExitName,
  GROUPS,
  optionText,
  positionalText,
  type Verb,
} from './verb.ts';

/** A column of names is as wide as the longest, and no wider than this. */
const MAX_COLUMN = 30;

/** `leashctl help`: all verbs, by what they are about. */
export function helpOfAll(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map(({ name }) => name.length)) + 2;
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => {
    const rows = verbs.filter((verb) => verb.group === group);
    if (rows.length === 0) return [];
    return ['', title, ...rows.map(({ name, help }) => `  ${name.padEnd(width)}${help}`)];
  });
  return [
    'usage: leashctl <verb> [--json]',
    ...groups,
    '',
    'leashctl help VERB says what a verb takes, and how it exits.',
  ].join('\n');
}

/** `leashctl help VERB`. */
export function helpOf(verb: Verb): string {
  const { positionals = [], options = [], examples = [], details = [] } = verb;
  const lines = [`usage: ${usageOf(verb)}`, '', verb.help];
  for (const text of details) lines.push('', ...wrap(text, 80));
  lines.push(
    ...section(
      'Arguments',
      positionals.map((row) => [row.name, row.help]),
    ),
    ...section(
      'Options',
      [...options, ...COMMON_OPTIONS].map((option) => [optionText(option), option.help]),
    ),
    ...section(
      'Exit codes',
      exitsOf(verb).map(({ code, meaning }) => [String(code), meaning]),
    ),
  );
  if (examples.length > 0) lines.push('', 'Examples');
  for (const { command, what } of examples) lines.push(`  ${command}`, `      ${what}`);
  return lines.join('\n');
}

/** `leashctl allow HOST [options]`. */
export function usageOf({ name, positionals = [], options = [] }: Verb): string {
  const words = ['leashctl', name, ...positionals.map(positionalText)];
  return [...words, ...(options.length > 0 ? ['[options]'] : [])].join(' ');
}

/** Those that every verb has, and those that this one says more about. */
export function exitsOf(verb: Verb): { readonly code: number; readonly meaning: string }[] {
  const names: readonly ExitName[] = ['ok', 'failure', 'usage', ...ownNames(verb), 'denied'];
  return [...new Set(names)]
    .map((name) => ({ code: EXIT[name], meaning: verb.exits?.[name] ?? EXITS[name] }))
    .sort((a, b) => a.code - b.code);
}

/** All of the table as data: what a reference is made of. */
export function tableJson(verbs: readonly Verb[]): object {
  return {
    verbs: verbs.map((verb) => ({
      name: verb.name,
      group: verb.group,
      usage: usageOf(verb),
      help: verb.help,
      details: verb.details ?? [],
      arguments: (verb.positionals ?? []).map((row) => ({
        name: row.name,
        help: row.help,
        words: row.words ?? [],
        optional: row.isOptional ?? false,
        rest: row.isRest ?? false,
      })),
      options: (verb.options ?? []).map((option) => ({
        name: option.name,
        short: option.short ?? null,
        value: option.value ?? null,
        help: option.help,
        words: option.words ?? [],
        repeated: option.isRepeated ?? false,
      })),
      exits: exitsOf(verb),
      examples: verb.examples ?? [],
    })),
    options: COMMON_OPTIONS.map(({ name, short = null, help }) => ({ name, short, help })),
    exits: Object.entries(EXITS).map(([name, meaning]) => ({
      code: EXIT[name as ExitName],
      name,
      meaning,
    })),
  };
}

function ownNames({ exits = {} }: Verb): ExitName[] {
  return Object.keys(exits) as ExitName[];
}

function section(title: string, rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  const longest = Math.max(...rows.map(([name]) => name.length));
  const width = Math.min(longest, MAX_COLUMN) + 2;
  return ['', title, ...rows.map(([name, help]) => `  ${name.padEnd(width)}${help}`)];
}

/** Lines of at most `width` characters, broken at blanks. */
function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
