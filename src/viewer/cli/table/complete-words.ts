// What the three shells need of the table: first words, second words, and what stands behind a verb. Pure.

import { COMMON_OPTIONS, type Option, type Verb } from './verb.ts';

/** First word of a verb → its second words with their help; empty for a verb of one word. */
export function firstWords(verbs: readonly Verb[]): Map<string, Verb[]> {
  const words = new Map<string, Verb[]>();
  for (const verb of verbs) {
    const [first = '', second] = verb.name.split(' ');
    const family = words.get(first) ?? [];
    words.set(first, second === undefined ? family : [...family, verb]);
  }
  return words;
}

/** One line about a first word. */
export function helpOfFirst(verbs: readonly Verb[], first: string): string {
  const family = verbs.filter(({ name }) => name === first || name.startsWith(`${first} `));
  const [only] = family;
  if (only !== undefined && family.length === 1) return only.help;
  return family.map(({ name }) => name.slice(first.length + 1)).join(', ');
}

export function optionsOf(verb: Verb): readonly Option[] {
  return [...(verb.options ?? []), ...COMMON_OPTIONS];
}

/** What stands in single quotes in a shell of the Bourne family. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
