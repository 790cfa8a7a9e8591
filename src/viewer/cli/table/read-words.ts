// The words of a command line → a verb and what it gets. Pure: it knows rows of the table, and runs none.

import { nearest } from '../../../shared/setting.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import { COMMON_OPTIONS, type Given, type Option, positionalText, type Verb } from './verb.ts';

type Problem = { readonly problem: string };

/** The verb that the first words name, of one word or two, and what stands behind it. */
export function findVerb(
  verbs: readonly Verb[],
  words: readonly string[],
): { readonly verb: Verb; readonly rest: readonly string[] } | Problem {
  const [first = '', second] = words;
  const named = verbs.find(({ name }) => name === first);
  if (named !== undefined) return { verb: named, rest: words.slice(1) };
  const family = verbs.filter(({ name }) => name.startsWith(`${first} `));
  if (first === '' || family.length === 0) {
    const names = verbs.map(({ name }) => name);
    const firsts = names.map((name) => name.replace(/ .*/, ''));
    const near = first === '' ? null : nearest(first, firsts);
    const hint = near === null ? `allowed: ${names.join(', ')}` : `did you mean ${near}?`;
    return { problem: `unknown verb ${visibleJson(first.slice(0, 80))}, ${hint}` };
  }
  const verb = family.find(({ name }) => name === `${first} ${second}`);
  if (verb !== undefined) return { verb, rest: words.slice(2) };
  const seconds = family.map(({ name }) => name.slice(first.length + 1)).join('|');
  const got = second === undefined ? 'nothing' : visibleJson(second.slice(0, 80));
  return { problem: `${first} takes ${seconds}, got ${got}` };
}

/** Words behind the verb → arguments and options, or the line that says what is wrong. */
export function readWords(verb: Verb, words: readonly string[]): Given | Problem {
  const { name, positionals = [] } = verb;
  const known = [...(verb.options ?? []), ...COMMON_OPTIONS];
  const options = new Map<string, string[]>();
  const args: string[] = [];
  const rest = positionals.at(-1)?.isRest === true;
  let onlyArguments = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const option = onlyArguments ? null : readOption(known, word);
    if (!onlyArguments && word === '--') onlyArguments = true;
    else if (option !== null) {
      const taken = takeValue(option, words[at + 1]);
      if ('problem' in taken) return { problem: `${name} ${taken.problem}` };
      if (taken.isNext) at += 1;
      const given = options.get(option.known.name) ?? [];
      if (given.length > 0 && !option.known.isRepeated && option.known.value !== undefined) {
        return { problem: `${name} takes ${option.known.name} once` };
      }
      options.set(option.known.name, [...given, taken.value]);
    } else if (!onlyArguments && isOptionLike(word) && (!rest || word.startsWith('--'))) {
      return { problem: unknownOption(verb, known, word) };
    } else if (!rest && args.length === positionals.length) {
      return { problem: `${name} takes ${shape(verb)}, got ${visibleJson(word.slice(0, 80))}` };
    } else args.push(word);
  }
  const problem = missing(verb, args) ?? wrongWord(verb, args);
  return problem === null || options.has('--help') ? { args, options } : { problem };
}

type Found = { readonly known: Option; readonly attached: string | undefined };

/** `--key`, `--key=value`, `-f`; null: it is no option of these. */
function readOption(known: readonly Option[], word: string): Found | null {
  const split = word.startsWith('--') ? word.indexOf('=') : -1;
  const name = split === -1 ? word : word.slice(0, split);
  const option = known.find((candidate) => candidate.name === name || candidate.short === name);
  if (option === undefined) return null;
  return { known: option, attached: split === -1 ? undefined : word.slice(split + 1) };
}

function takeValue(
  { known: { name, value, words }, attached }: Found,
  next: string | undefined,
): { readonly value: string; readonly isNext: boolean } | Problem {
  if (value === undefined) {
    if (attached === undefined) return { value: '', isNext: false };
    return { problem: `${name} takes no value, got ${visibleJson(attached.slice(0, 80))}` };
  }
  const text = attached ?? next ?? '';
  if (text === '') return { problem: `${name} takes ${value}, got nothing` };
  if (words !== undefined && !words.includes(text)) {
    return { problem: `${name} takes ${words.join('|')}, got ${visibleJson(text.slice(0, 80))}` };
  }
  return { value: text, isNext: attached === undefined };
}

/** `-` alone is standard input. */
function isOptionLike(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}

function unknownOption(verb: Verb, known: readonly Option[], word: string): string {
  const name = word.split('=', 1)[0] ?? word;
  const near = nearest(
    name,
    known.map((option) => option.name),
  );
  const hint = near === null ? `see leashctl help ${verb.name}` : `did you mean ${near}?`;
  return `${verb.name} has no option ${visibleJson(name.slice(0, 80))}, ${hint}`;
}

function missing({ name, positionals = [] }: Verb, args: readonly string[]): string | null {
  const lacking = positionals.slice(args.length).find(({ isOptional }) => !isOptional);
  return lacking === undefined ? null : `${name} takes ${positionalText(lacking)}, got nothing`;
}

function wrongWord({ name, positionals = [] }: Verb, args: readonly string[]): string | null {
  for (const [at, { words }] of positionals.entries()) {
    const arg = args[at];
    if (arg === undefined || words === undefined || words.includes(arg)) continue;
    return `${name} takes ${words.join('|')}, got ${visibleJson(arg.slice(0, 80))}`;
  }
  return null;
}

function shape({ positionals = [] }: Verb): string {
  if (positionals.length === 0) return 'no argument';
  return `${positionals.map(positionalText).join(' ')} and no more`;
}
