// `leashctl block`: an entry of the blocklist (blocklist.yaml), in force when it returns.

import { editPolicy } from '../policy/edit-policy.ts';
import { CHANGE_EXITS, ENTRY_OPTIONS, HOST } from '../policy/rule-rows.ts';
import { readRuleWords } from '../policy/rule-words.ts';
import { type Call, EXIT, type Verb } from '../table/verb.ts';

export const BLOCK_VERB: Verb = {
  name: 'block',
  group: 'policy',
  help: 'add an entry to the blocklist, which blocklist mode goes by',
  details: [
    'Without a port: all ports. In enforce mode the allow list alone decides: there, leashctl remove takes away what was allowed.',
  ],
  positionals: [HOST],
  options: ENTRY_OPTIONS,
  exits: CHANGE_EXITS,
  examples: [
    { command: 'leashctl block pastebin.com --reason "leak of March"', what: 'on all ports' },
  ],
  run: runBlock,
};

async function runBlock(call: Call): Promise<number> {
  const spec = readRuleWords(call, Date.now());
  if ('problem' in spec) {
    call.io.err(`leashctl: ${spec.problem}`);
    return EXIT.usage;
  }
  const op = { kind: 'add', file: 'blocklist.yaml', entries: [spec] } as const;
  return editPolicy(call, op, {
    done: `blocked ${spec.host}`,
    same: `${spec.host} is blocked already`,
  });
}
