// What a verb of `leashctl` is: a row of a table with what may stand behind it, and the words of a
// command line → what the verb gets. Pure but for the errors it may be asked about.

import type { Config } from '../../shared/config.ts';

export type Io = {
  readonly env: NodeJS.ProcessEnv;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** All of standard input; bytes as latin1 characters, as headers have them. */
  readonly input: () => Promise<string>;
  /** Where progress may be shown; absent: nobody looks. */
  readonly terminal?: { readonly columns: number; write(text: string): void } | undefined;
};

export type Call = {
  readonly config: Config;
  readonly json: boolean;
  readonly io: Io;
  /** Behind the verb; '' = nothing. */
  readonly argument: string;
  /** `--key` → its value. */
  readonly options: ReadonlyMap<string, string>;
};

type Option = { readonly name: string; readonly value: string; readonly help: string };

export type Verb = {
  readonly name: string;
  /** For people: what may stand behind the verb; absent: nothing. */
  readonly takes?: string;
  readonly options?: readonly Option[];
  readonly help: string;
  readonly run: (call: Call) => Promise<number>;
};

/** Exit codes: those of sysexits.h where it has one. `unverified`: the log is not what it was. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  unverified: 5,
  unreachable: 69,
  denied: 77,
} as const;

/** Words behind the verb → argument and options, or the line that says what is wrong. */
export function readWords(
  { name, takes, options = [] }: Verb,
  words: readonly string[],
): Pick<Call, 'argument' | 'options'> | { readonly problem: string } {
  const given = new Map<string, string>();
  let argument = '';
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const option = options.find((known) => known.name === word);
    if (option !== undefined) {
      at += 1;
      const value = words[at] ?? '';
      if (value === '') return { problem: `${name} ${word} takes ${option.value}, got nothing` };
      if (given.has(word)) return { problem: `${name} takes ${word} once` };
      given.set(word, value);
    } else if (takes === undefined) {
      return { problem: `${name} takes no argument, got ${JSON.stringify(word)}` };
    } else if (argument !== '' || (options.length > 0 && word.startsWith('-'))) {
      const names = options.map((known) => `, ${known.name} ${known.value}`).join('');
      return { problem: `${name} takes ${takes}${names} and no more, got ${JSON.stringify(word)}` };
    } else argument = word;
  }
  return { argument, options: given };
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
