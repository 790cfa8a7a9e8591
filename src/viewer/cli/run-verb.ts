// A command line → the verb that it names, run with its settings. Results go to `out`, messages to `err`;
// what a verb throws ends here, as a message and an exit code.

import { visibleJson, visibleText } from '../../shared/visible-text.ts';
import { readSettings } from './settings/read-settings.ts';
import { helpOf } from './table/help-text.ts';
import { findVerb, readWords } from './table/read-words.ts';
import { type Call, EXIT, hasCode, type Io } from './table/verb.ts';
import { VERBS } from './verbs.ts';

/** Arguments after the program's name → exit code. */
export async function runVerb(args: readonly string[], given: Io): Promise<number> {
  const json = beforeDashes(args).includes('--json');
  const io = json ? { ...given, err: jsonMessages(given), terminal: undefined } : given;
  const words = withoutLeading(args, '--json');
  if (words.length === 0 || /^(-h|--help)$/.test(words[0] ?? '')) words.splice(0, 1, 'help');
  const found = findVerb(VERBS, words);
  if ('problem' in found) return refuse(io, found.problem);
  const { verb, rest } = found;
  const read = readWords(verb, rest);
  if ('problem' in read) return refuse(io, read.problem);
  if (read.options.has('--help')) {
    io.out(helpOf(verb));
    return EXIT.ok;
  }
  const settings = await readSettings(io.env);
  if (settings.problem !== null && !verb.needsNoSettings) {
    io.err(`leashctl: ${settings.problem}`);
    return settings.isDenied ? EXIT.denied : EXIT.usage;
  }
  const call: Call = { ...read, config: settings.config, settings, json, io, verbs: VERBS };
  try {
    return await verb.run(call);
  } catch (error) {
    // It may name a file, and a file may be named to be shown.
    io.err(visibleText(error instanceof Error ? error.message : String(error)));
    return hasCode(error, 'EACCES', 'EPERM') ? EXIT.denied : EXIT.failure;
  }
}

function refuse(io: Io, problem: string): number {
  io.err(`leashctl: ${problem}`);
  return EXIT.usage;
}

/** With --json a message is a line of JSON, too. */
function jsonMessages({ err }: Io): Io['err'] {
  return (text) => err(visibleJson({ error: text.replace(/^leashctl: /, '') }));
}

function beforeDashes(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--');
  return at === -1 ? args : args.slice(0, at);
}

function withoutLeading(args: readonly string[], word: string): string[] {
  const at = args.findIndex((arg) => arg !== word);
  return at === -1 ? [] : args.slice(at);
}
