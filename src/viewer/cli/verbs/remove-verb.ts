// `leashctl remove`: takes an entry out of the list that it stands in, in force when it returns.

import { applyEdit } from '../../policy/edit-plan.ts';
import type { EditFile, EntrySpec } from '../../policy/policy-edit.ts';
import { readPolicy, readPolicyFile } from '../../policy/policy-reader.ts';
import { show } from '../paint.ts';
import { editPolicy } from '../policy/edit-policy.ts';
import { overlayWith } from '../policy/list-notes.ts';
import { CHANGE_EXITS, HOST, REMOVE_OPTIONS } from '../policy/rule-rows.ts';
import { readRuleWords } from '../policy/rule-words.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';

const LISTS = { allow: 'enforce.yaml', block: 'blocklist.yaml' } as const;

export const REMOVE_VERB: Verb = {
  name: 'remove',
  group: 'policy',
  help: 'take the entries of a host out of the list that they stand in',
  details: [
    'With a port: that port. With a path or a method: that path. Overlays (*.local.yaml) are edited by leashctl edit.',
  ],
  positionals: [HOST],
  options: [
    {
      name: '--list',
      value: 'LIST',
      words: Object.keys(LISTS),
      help: 'allow or block, where it stands in both',
    },
    ...REMOVE_OPTIONS,
  ],
  exits: { ...CHANGE_EXITS, nothing: 'there is no such entry' },
  examples: [{ command: 'leashctl remove pypi.org', what: 'whatever it was allowed' }],
  run: runRemove,
};

async function runRemove(call: Call): Promise<number> {
  const { io } = call;
  const spec = readRuleWords(call, Date.now());
  if ('problem' in spec) {
    io.err(`leashctl: ${spec.problem}`);
    return EXIT.usage;
  }
  const entry = { ...spec, host: spec.host.replace(/^\*\./, '') };
  const list = optionValue(call, '--list') as keyof typeof LISTS | undefined;
  const wanted = list === undefined ? Object.values(LISTS) : [LISTS[list]];
  const files = await filesWith(call, wanted, entry);
  const [file] = files;
  if (file === undefined) {
    const { texts } = await readPolicy(call.config.policyDir);
    const overlays = wanted.flatMap((each) => overlayWith(texts, each, entry.host) ?? []);
    const hint = overlays.length === 0 ? '' : `: it stands in ${overlays.join(' and ')}`;
    io.err(`leashctl: no such entry for ${show(spec.host)} in ${wanted.join(' and ')}${hint}`);
    return EXIT.nothing;
  }
  if (files.length > 1) {
    io.err(`leashctl: ${show(spec.host)} stands in both lists: say --list allow or --list block`);
    return EXIT.usage;
  }
  const op = { kind: 'remove', file, entries: [entry] } as const;
  return editPolicy(call, op, { done: `removed ${spec.host}`, same: `no entry of ${spec.host}` });
}

/** Those that have such an entry; one that is broken counts, so that what is wrong with it is said. */
async function filesWith(
  { config }: Call,
  files: readonly EditFile[],
  entry: EntrySpec,
): Promise<EditFile[]> {
  const found: EditFile[] = [];
  for (const file of files) {
    const text = await readPolicyFile(config.policyDir, file);
    if (text === null) continue;
    const edited =
      typeof text === 'string' ? applyEdit(text, { kind: 'remove', file, entries: [entry] }) : null;
    if (edited === null || 'problem' in edited || edited.changed) found.push(file);
  }
  return found;
}
