// `leashctl allow`: an entry of the allow list (enforce.yaml), in force when it returns.

import { editPolicy } from '../policy/edit-policy.ts';
import { ALLOW_OPTIONS, CHANGE_EXITS, ENTRY_OPTIONS, HOST } from '../policy/rule-rows.ts';
import { readRuleWords } from '../policy/rule-words.ts';
import { type Call, EXIT, type Verb } from '../table/verb.ts';

export const ALLOW_VERB: Verb = {
  name: 'allow',
  group: 'policy',
  help: 'add an entry to the allow list, which enforce mode goes by',
  details: [
    'Without a port: 443. It is written to enforce.yaml, comments and layout kept, and returns when all workers have it. An entry for a name decides alone for it: what a wider entry says counts for it no more.',
  ],
  positionals: [HOST],
  options: [...ALLOW_OPTIONS, ...ENTRY_OPTIONS],
  exits: CHANGE_EXITS,
  examples: [
    { command: 'leashctl allow api.anthropic.com', what: 'on port 443' },
    {
      command: 'leashctl allow api.github.com/repos/ours --method GET --agent ci --expires 2h',
      what: 'for one agent, for two hours',
    },
    { command: 'leashctl allow pypi.org --dry-run', what: 'what it would have let pass' },
  ],
  run: runAllow,
};

async function runAllow(call: Call): Promise<number> {
  const spec = readRuleWords(call, Date.now());
  if ('problem' in spec) {
    call.io.err(`leashctl: ${spec.problem}`);
    return EXIT.usage;
  }
  const op = { kind: 'add', file: 'enforce.yaml', entries: [spec] } as const;
  return editPolicy(call, op, {
    done: `allowed ${spec.host}`,
    same: `${spec.host} is allowed already`,
  });
}
