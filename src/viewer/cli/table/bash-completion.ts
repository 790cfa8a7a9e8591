// The table of verbs → completions for bash. Pure. Needs nothing of the bash-completion package.

import { firstWords, optionsOf } from './complete-words.ts';
import type { Verb } from './verb.ts';

/** A script that bash sources. */
export function bashCompletion(verbs: readonly Verb[]): string {
  const firsts = firstWords(verbs);
  const families = [...firsts].filter(([, family]) => family.length > 0);
  return `# bash completion for leashctl, made by: leashctl completion bash
_leashctl() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb='' word i
  local -i args=0
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == -* ]]; then continue; fi
    case $verb in
      '') verb=$word ;;
${families.map(([first]) => `      ${first}) verb="$verb $word" ;;`).join('\n')}
      *) args+=1 ;;
    esac
  done
  case $verb in
    '') COMPREPLY=($(compgen -W '${[...firsts.keys()].join(' ')}' -- "$cur")) ;;
${families.map(familyCase).join('\n')}
${verbs.map((verb) => verbCase(verb, [...firsts.keys()])).join('\n')}
  esac
}
complete -F _leashctl leashctl
`;
}

function familyCase([first, family]: [string, Verb[]]): string {
  const words = family.map(({ name }) => name.slice(first.length + 1)).join(' ');
  return `    ${first}) COMPREPLY=($(compgen -W '${words}' -- "$cur")) ;;`;
}

function verbCase(verb: Verb, firsts: readonly string[]): string {
  const options = optionsOf(verb);
  const valued = options.filter(({ value }) => value !== undefined);
  const names = options.flatMap(({ name, short }) =>
    short === undefined ? [name] : [name, short],
  );
  const { positionals = [] } = verb;
  const lines = [
    `    '${verb.name}')`,
    ...(valued.length === 0
      ? []
      : [
          '      case $prev in',
          ...valued.map(
            (option) =>
              `        ${[option.name, option.short].filter(Boolean).join('|')}) ${reply(option, firsts)} ; return ;;`,
          ),
          '      esac',
        ]),
    `      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${names.join(' ')}' -- "$cur")); return; fi`,
    ...positionals.slice(0, 1).map((positional) => `      ${reply(positional, firsts)}`),
    '      ;;',
  ];
  return lines.join('\n');
}

type Completed = { readonly words?: readonly string[]; readonly complete?: string };

function reply({ words, complete }: Completed, firsts: readonly string[]): string {
  if (words !== undefined) return listed(words);
  if (complete === 'verb') return listed(firsts);
  if (complete === 'file') return 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur"))';
  if (complete === 'folder') return 'compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur"))';
  return ':';
}

function listed(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur"))`;
}
