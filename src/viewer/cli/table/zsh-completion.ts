// The table of verbs → completions for zsh. Pure.

import { firstWords, helpOfFirst, optionsOf, quoted } from './complete-words.ts';
import type { Option, Positional, Verb } from './verb.ts';

/** A file that stands in zsh's fpath as `_leashctl`; it may be sourced after compinit, too. */
export function zshCompletion(verbs: readonly Verb[]): string {
  const firsts = firstWords(verbs);
  const described = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([word, help]) => quoted(`${word}:${help}`)).join(' ');
  const all = described([...firsts.keys()].map((first) => [first, helpOfFirst(verbs, first)]));
  const cases = [...firsts].map(([first, family]) => {
    if (family.length === 0) return `    ${first}) ${argumentsOf(verbs, first)} ;;`;
    const seconds = family.map(({ name, help }) => [name.slice(first.length + 1), help] as const);
    return [
      `    ${first})`,
      '      if (( CURRENT == 2 )); then',
      `        words_of=(${described(seconds)}); _describe verb words_of; return`,
      '      fi',
      '      shift words; (( CURRENT-- ))',
      '      case $words[1] in',
      ...seconds.map(
        ([second]) => `        ${second}) ${argumentsOf(verbs, `${first} ${second}`)} ;;`,
      ),
      '      esac ;;',
    ].join('\n');
  });
  return `#compdef leashctl
# zsh completion for leashctl, made by: leashctl completion zsh
_leashctl() {
  local -a words_of
  if (( CURRENT == 2 )); then
    words_of=(${all}); _describe verb words_of; return
  fi
  shift words; (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _leashctl ]]; then _leashctl "$@"; else compdef _leashctl leashctl; fi
`;

  function argumentsOf(rows: readonly Verb[], name: string): string {
    const verb = rows.find((row) => row.name === name);
    if (verb === undefined) return ':';
    const specs = [
      ...optionsOf(verb).flatMap(optionSpecs),
      ...(verb.positionals ?? []).map((row) => positionalSpec(row, [...firsts.keys()])),
    ];
    return `_arguments -s ${specs.map(quoted).join(' ')}`;
  }
}

function optionSpecs({ name, short, value, help, isRepeated, ...rest }: Option): string[] {
  const text = escaped(help);
  const tail = value === undefined ? '' : `:${escaped(value)}:${action(rest, [])}`;
  return [name, ...(short === undefined ? [] : [short])].map(
    (word) => `${isRepeated ? '*' : ''}${word}[${text}]${tail}`,
  );
}

function positionalSpec(row: Positional, firsts: readonly string[]): string {
  const colon = row.isOptional ? '::' : ':';
  return `${row.isRest ? '*:' : colon}${escaped(row.name)}:${action(row, firsts)}`;
}

function action(
  { words, complete }: Pick<Positional, 'words' | 'complete'>,
  firsts: readonly string[],
): string {
  if (words !== undefined) return `(${words.join(' ')})`;
  if (complete === 'verb') return `(${firsts.join(' ')})`;
  if (complete === 'file') return '_files';
  return complete === 'folder' ? '_files -/' : ' ';
}

/** A colon ends a part of a spec, a bracket its help. */
function escaped(text: string): string {
  return text.replace(/[:[\]\\]/g, '\\$&');
}
