// `leashctl help`: the table of verbs, for people and as data.

import { visibleJson } from '../../../shared/visible-text.ts';
import { helpOf, helpOfAll, tableJson } from '../table/help-text.ts';
import { findVerb } from '../table/read-words.ts';
import { type Call, EXIT, type Verb } from '../table/verb.ts';

export const HELP_VERB: Verb = {
  name: 'help',
  group: 'setup',
  help: 'the verbs, or all about one',
  details: ['With --json: the table that help, completions and the man page are made of.'],
  positionals: [{ name: 'VERB', help: 'a verb', complete: 'verb', isOptional: true, isRest: true }],
  examples: [{ command: 'leashctl help allow', what: 'what it takes, and how it exits' }],
  needsNoSettings: true,
  run: runHelp,
};

async function runHelp({ args, verbs, json, io }: Call): Promise<number> {
  const [first] = args;
  const family = verbs.filter(
    ({ name }) => name === args.join(' ') || name.startsWith(`${first} `),
  );
  if (first === undefined || (args.length === 1 && family.length > 1)) {
    const shown = first === undefined ? verbs : family;
    io.out(json ? visibleJson(tableJson(shown)) : helpOfAll(shown));
    return EXIT.ok;
  }
  const found = findVerb(verbs, args.length === 1 && family[0] ? family[0].name.split(' ') : args);
  if ('problem' in found) {
    io.err(`leashctl: ${found.problem}`);
    return EXIT.usage;
  }
  io.out(json ? visibleJson(tableJson([found.verb])) : helpOf(found.verb));
  return EXIT.ok;
}
