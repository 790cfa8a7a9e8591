// What a verb of `leashctl` is: a row of a table. Help, completions, the man page and the reference are
// made of these rows, so what is not in a row does not exist. Types and numbers; it runs nothing.

import type { Config } from '../../../shared/config.ts';
import type { Settings } from '../settings/read-settings.ts';

/** What a word may be: one of `words`, or what a shell completes by itself. */
type Value = {
  readonly words?: readonly string[];
  readonly complete?: 'file' | 'folder' | 'verb';
};

export type Positional = Value & {
  /** For people: `HOST[:PORT]`; of one that has `words`, these are shown. */
  readonly name: string;
  readonly help: string;
  readonly isOptional?: boolean;
  /** Takes all words that are left; a `-word` that is no option is one of them. */
  readonly isRest?: boolean;
};

export type Option = Value & {
  readonly name: `--${string}`;
  readonly short?: `-${string}`;
  /** For people: what stands behind it; absent: nothing does. */
  readonly value?: string;
  readonly help: string;
  readonly isRepeated?: boolean;
};

export type Example = { readonly command: string; readonly what: string };

export const GROUPS = {
  leash: 'The running leash',
  policy: 'The policy',
  record: 'The record',
  setup: 'Setup',
} as const;

export type Verb = {
  /** One word, or two (`config show`). */
  readonly name: string;
  readonly group: keyof typeof GROUPS;
  /** One line. */
  readonly help: string;
  /** Paragraphs for `leashctl help VERB` and the man page. */
  readonly details?: readonly string[];
  readonly positionals?: readonly Positional[];
  readonly options?: readonly Option[];
  /** Exit codes that mean more here than in EXITS. */
  readonly exits?: Readonly<Partial<Record<ExitName, string>>>;
  readonly examples?: readonly Example[];
  /** Works whatever the settings are: a wrong one does not stop it, and it gets the defaults. */
  readonly needsNoSettings?: boolean;
  readonly run: (call: Call) => Promise<number>;
};

/** Each verb has these too. */
export const COMMON_OPTIONS: readonly Option[] = [
  { name: '--json', help: 'the result as JSON on standard output, messages as {"error":…}' },
  { name: '--help', short: '-h', help: 'what the verb does' },
];

/** Exit codes: those of sysexits.h where it has one. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  nothing: 3,
  invalid: 4,
  unverified: 5,
  unreachable: 69,
  denied: 77,
  interrupted: 130,
} as const;
export type ExitName = keyof typeof EXIT;

export const EXITS: Readonly<Record<ExitName, string>> = {
  ok: 'done',
  failure: 'it failed, or not all workers have it',
  usage: 'wrong words, an unknown verb or setting, an invalid rule',
  nothing: 'nothing was found',
  invalid: 'a policy file is invalid',
  unverified: 'the log is not what leash wrote',
  unreachable: 'leash is not reachable, or was never started',
  denied: 'not permitted',
  interrupted: 'ended by Ctrl-C before it was done',
};

export type Io = {
  readonly env: NodeJS.ProcessEnv;
  /** A line, or several, of the result. */
  readonly out: (text: string) => void;
  /** A part of a long result, as it is; waits for a slow reader. */
  readonly write: (chunk: string | Uint8Array) => Promise<void>;
  /** What is wrong. */
  readonly err: (text: string) => void;
  /** All of standard input; bytes as latin1 characters, as headers have them. */
  readonly input: () => Promise<string>;
  /** Where progress may be shown; absent: nobody looks. */
  readonly terminal?: { readonly columns: number; write(text: string): void } | undefined;
  /** Standard output where it is a terminal; absent: a file or a pipe. */
  readonly screen?: { readonly columns: number } | undefined;
  /** A question to the person at the terminal; null: they ended it. Absent: there is nobody. */
  readonly ask?: ((question: string) => Promise<string | null>) | undefined;
  /** Aborted by Ctrl-C: who asks for it ends by itself then. Nobody asks: Ctrl-C ends the process. */
  readonly interrupted: () => AbortSignal;
};

export type Given = {
  /** Behind the verb, in order. */
  readonly args: readonly string[];
  /** `--key` → its values; of one that takes none, `['']`. */
  readonly options: ReadonlyMap<string, readonly string[]>;
};

export type Call = Given & {
  readonly config: Config;
  readonly settings: Settings;
  readonly json: boolean;
  readonly io: Io;
  readonly verbs: readonly Verb[];
};

/** The value of an option that is given once. */
export function optionValue({ options }: Given, name: Option['name']): string | undefined {
  return options.get(name)?.[0];
}

/** `[HOST]`, `enforce|audit`: how a positional stands in a line of usage. */
export function positionalText({ name, words, isOptional, isRest }: Positional): string {
  const text = `${words?.join('|') ?? name}${isRest ? '...' : ''}`;
  return isOptional ? `[${text}]` : text;
}

/** `-f`, `--key HEX`: how an option stands in a list. */
export function optionText({ name, short, value }: Option): string {
  const names = short === undefined ? name : `${short}, ${name}`;
  return value === undefined ? names : `${names} ${value}`;
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
