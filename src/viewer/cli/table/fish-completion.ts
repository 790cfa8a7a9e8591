// The table of verbs → completions for fish. Pure.

import { firstWords, helpOfFirst, optionsOf } from './complete-words.ts';
import type { Option, Positional, Verb } from './verb.ts';

/** A file of fish's completions folder; it may be sourced, too. */
export function fishCompletion(verbs: readonly Verb[]): string {
  const firsts = firstWords(verbs);
  const lines = [
    '# fish completion for leashctl, made by: leashctl completion fish',
    'complete -c leashctl -f',
    // The words so far that are no options: of `leashctl config show --x`, config and show.
    'function __leashctl_words',
    '    set -l words (commandline -opc)',
    '    set -e words[1]',
    '    string match -v -- "-*" $words',
    'end',
    'function __leashctl_is',
    '    set -l words (__leashctl_words)',
    '    string match -q -- "$argv *" "$words "',
    'end',
    'function __leashctl_only',
    '    set -l words (__leashctl_words)',
    '    test "$words" = "$argv"',
    'end',
  ];
  for (const [first, family] of firsts) {
    lines.push(
      `complete -c leashctl -n '__leashctl_only' -a ${first} -d ${quoted(helpOfFirst(verbs, first))}`,
      ...family.map(
        ({ name, help }) =>
          `complete -c leashctl -n '__leashctl_only ${first}' -a ${name.slice(first.length + 1)} -d ${quoted(help)}`,
      ),
    );
  }
  for (const verb of verbs) {
    const isHere = `-n '__leashctl_is ${verb.name}'`;
    for (const option of optionsOf(verb)) lines.push(optionLine(isHere, option));
    for (const row of (verb.positionals ?? []).slice(0, 1)) {
      lines.push(...positionalLine(isHere, row, [...firsts.keys()]));
    }
  }
  return `${lines.join('\n')}\n`;
}

function optionLine(isHere: string, { name, short, value, help, words, complete }: Option): string {
  const parts = ['complete -c leashctl', isHere, `-l ${name.slice(2)}`];
  if (short !== undefined) parts.push(`-s ${short.slice(1)}`);
  if (value !== undefined) parts.push('-r');
  if (words !== undefined) parts.push(`-a ${quoted(words.join(' '))}`);
  if (complete === 'file') parts.push('-F');
  if (complete === 'folder') parts.push("-a '(__fish_complete_directories)'");
  return [...parts, `-d ${quoted(help)}`].join(' ');
}

function positionalLine(
  isHere: string,
  { words, complete, help }: Positional,
  firsts: readonly string[],
): string[] {
  const start = `complete -c leashctl ${isHere}`;
  const end = `-d ${quoted(help)}`;
  if (words !== undefined) return [`${start} -a ${quoted(words.join(' '))} ${end}`];
  if (complete === 'verb') return [`${start} -a ${quoted(firsts.join(' '))} ${end}`];
  if (complete === 'file') return [`${start} -F`];
  if (complete === 'folder') return [`${start} -a '(__fish_complete_directories)'`];
  return [];
}

/** In single quotes fish knows `\'` and `\\`, and nothing else. */
function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
