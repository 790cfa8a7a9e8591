// `leashctl edit`: a policy file in the editor of the person, put in place only where it is valid and only
// where nobody changed it meanwhile, as visudo and crontab do.

import { isProblems } from '../../../shared/policy-file.ts';
import { parseWholeFile } from '../../../shared/policy-join.ts';
import { POLICY_FILES, type PolicyFile } from '../../../shared/policy-source.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import { readPolicyFile } from '../../policy/policy-reader.ts';
import { etagOf } from '../../policy/policy-write.ts';
import { actorName } from '../actor.ts';
import { show } from '../paint.ts';
import { tellBroken, tellMade, WINDOW_S, withChanges } from '../policy/edit-policy.ts';
import { type EditSession, openSession } from '../policy/edit-session.ts';
import { CHANGE_EXITS } from '../policy/rule-rows.ts';
import { type Call, EXIT, type Verb } from '../table/verb.ts';

const FILES = POLICY_FILES.filter((file) => file !== 'mode');

export const EDIT_VERB: Verb = {
  name: 'edit',
  group: 'policy',
  help: 'edit a policy file, and put it in place only where it is valid',
  details: [
    'Opens a copy in $VISUAL, $EDITOR or vi. A mistake is shown with its line and the fix, and you may go on. The file is replaced in one step; where somebody else changed it meanwhile nothing is, and your text is kept.',
  ],
  positionals: [
    { name: 'FILE', words: FILES, help: 'enforce.yaml where it is absent', isOptional: true },
  ],
  exits: { ...CHANGE_EXITS, invalid: 'the text is invalid, and was given up' },
  examples: [{ command: 'leashctl edit agents.yaml', what: 'who the agents are' }],
  run: runEdit,
};

async function runEdit(call: Call): Promise<number> {
  const { config, io } = call;
  const file = (call.args[0] ?? 'enforce.yaml') as PolicyFile;
  const before = await readPolicyFile(config.policyDir, file);
  if (typeof before === 'object' && before !== null) {
    io.err(`leashctl: ${file}: ${show(before.message)}`);
    return ['EACCES', 'EPERM'].includes(before.code) ? EXIT.denied : EXIT.failure;
  }
  const session = await openSession(io.env, file, before ?? '');
  let keep = false;
  try {
    const text = await editUntilValid(call, session, file, before ?? '');
    if (typeof text === 'number') return text;
    const code = await putInPlace(call, { file, text, before });
    keep = code !== EXIT.ok && (await readPolicyFile(config.policyDir, file)) !== text;
    if (keep) io.err(`leashctl: your text is kept in ${show(session.path)}`);
    return code;
  } finally {
    if (!keep) await session.close();
  }
}

/** A text that is valid and new, or the exit code of having given up. */
async function editUntilValid(
  call: Call,
  session: EditSession,
  file: PolicyFile,
  before: string,
): Promise<string | number> {
  const { io, json } = call;
  for (;;) {
    const text = await session.edit();
    if (typeof text === 'object') {
      io.err(`leashctl: ${show(text.problem)}; nothing was changed`);
      return EXIT.failure;
    }
    if (text === before) {
      io.out(json ? visibleJson({ ok: true, changed: false, file }) : `${file} is unchanged`);
      return EXIT.ok;
    }
    const problems = problemsOf(file, text);
    if (problems.length === 0) return text;
    tellBroken(call, problems);
    const answer = await io.ask?.('Edit again (e) or discard (d)? [e] ');
    if (answer === undefined || answer === null || /^\s*d/i.test(answer)) {
      io.err('leashctl: discarded; nothing was changed');
      return EXIT.invalid;
    }
  }
}

function problemsOf(file: PolicyFile, text: string) {
  // The primary takes an empty file for one that was emptied by accident.
  const message = 'an empty file changes nothing: write an empty list';
  if (text === '') return [{ file, line: 1, column: 1, message }];
  const parsed = parseWholeFile(file, text);
  return isProblems(parsed) ? parsed : [];
}

type Edited = {
  readonly file: PolicyFile;
  readonly text: string;
  readonly before: string | null;
};

function putInPlace(call: Call, { file, text, before }: Edited): Promise<number> {
  const ask = {
    op: { kind: 'replace', file, text } as const,
    dryRun: false,
    etag: etagOf(before),
    windowS: WINDOW_S,
  };
  return withChanges(call, async (changes) =>
    tellMade(call, await changes.makeEdit(actorName(call.io.env), ask), {
      done: `${file} is in place`,
      same: `${file} is unchanged`,
    }),
  );
}
