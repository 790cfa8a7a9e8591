// A change of the policy by the command line: tried or made by the code that the viewer has for it, on the
// files themselves, and told to a person or as JSON. Knows no verb.

import { isProblems } from '../../../shared/policy-file.ts';
import { parseWholeFile } from '../../../shared/policy-join.ts';
import type { PolicyFile } from '../../../shared/policy-source.ts';
import type { PolicyProblem } from '../../../shared/status.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import type { EditAsk } from '../../policy/edit-body.ts';
import { Planner } from '../../policy/planner.ts';
import { type Failure, type Made, PolicyChanges, type Trial } from '../../policy/policy-change.ts';
import { readPolicy, readPolicyFile } from '../../policy/policy-reader.ts';
import { etagOf } from '../../policy/policy-write.ts';
import { actorName } from '../actor.ts';
import { painter, show } from '../paint.ts';
import { openRecord } from '../record/open-record.ts';
import { type Call, EXIT } from '../table/verb.ts';
import { diffText, effectText, forceText, levelText } from './change-text.ts';
import { listNotes } from './list-notes.ts';

/** A trial looks back over a day, as the page's does. */
export const WINDOW_S = 86_400;

/** Runs with everything that changes need; what was opened is closed behind it. */
export async function withChanges<T>(
  { config }: Call,
  run: (changes: PolicyChanges, planner: Planner) => Promise<T>,
): Promise<T> {
  const record = await openRecord(config);
  // Nobody waits beside this command: all is worked out at once.
  const planner = new Planner(Number.POSITIVE_INFINITY);
  try {
    return await run(new PolicyChanges({ config, planner, search: record.search }), planner);
  } finally {
    await record.close();
  }
}

/** An entry that is added to a list, or taken out of it. */
type ListOp = Extract<EditAsk['op'], { kind: 'add' | 'remove' }>;

/** Tries the edit, or makes it and says whether it is in force. Gives the exit code. */
export function editPolicy(call: Call, op: ListOp, words: { done: string; same: string }) {
  return withChanges(call, async (changes, planner) => {
    const broken = await problemsOf(call, op.file);
    if (broken.length > 0) return tellBroken(call, broken);
    const files = await readPolicy(call.config.policyDir);
    const notes = listNotes(files.texts, op);
    const common = { op, etag: undefined, windowS: WINDOW_S };
    if (call.options.has('--dry-run')) {
      return tellTrial(call, await changes.tryEdit({ ...common, dryRun: true }), notes);
    }
    const plan = await planner.run<'plan'>({ kind: 'plan', files, op, nowMs: Date.now() });
    const levels = 'problem' in plan ? [] : levelText(plan);
    // What was looked at is what is changed.
    const etag = etagOf(files.texts[op.file] ?? null);
    const made = await changes.makeEdit(actorName(call.io.env), { ...common, etag, dryRun: false });
    return tellMade(call, made, words, [...levels, ...notes]);
  });
}

/** What is wrong with a file as it stands, by the parser that the primary uses. */
async function problemsOf({ config }: Call, file: PolicyFile): Promise<readonly PolicyProblem[]> {
  const text = await readPolicyFile(config.policyDir, file);
  // What cannot be read is told by whoever edits it.
  if (typeof text !== 'string' || text === '') return [];
  const parsed = parseWholeFile(file, text);
  return isProblems(parsed) ? parsed : [];
}

/** `enforce.yaml:12:5: …` for each, and the exit code of an invalid file. */
export function tellBroken({ io }: Call, problems: readonly PolicyProblem[]): number {
  for (const { file, line, column, message } of problems) {
    io.err(`leashctl: ${file}:${line}:${column}: ${show(message)}`);
  }
  return EXIT.invalid;
}

export function tellTrial(
  { io, json }: Call,
  trial: Trial | Failure,
  notes: readonly string[] = [],
): number {
  if (!trial.ok) return tellFailure(io, trial);
  if (json) io.out(visibleJson({ ...trial, notes }));
  else {
    const paint = painter(io);
    const lines = trial.changed
      ? [show(`${trial.file}, if it were done:`), ...diffText(trial.diff, paint)]
      : [show(`${trial.file} would stay as it is`)];
    io.out([...lines, ...levelText(trial), ...notes, ...effectText(trial.effect)].join('\n'));
  }
  return EXIT.ok;
}

export function tellMade(
  { io, json }: Call,
  made: Made | Failure,
  words: { readonly done: string; readonly same: string },
  notes: readonly string[] = [],
): number {
  if (!made.ok) return tellFailure(io, made);
  const { undo, ...shown } = made;
  const { done, missing } = forceText(made);
  if (json) io.out(visibleJson({ ...shown, notes }));
  else {
    const what = made.changed ? words.done : words.same;
    const lines = [...diffText(made.diff, painter(io)), `${show(what)}, ${done}`, ...notes];
    io.out(lines.join('\n'));
  }
  if (made.in_force) return EXIT.ok;
  io.err(`leashctl: ${missing}`);
  return EXIT.failure;
}

function tellFailure(io: Call['io'], { problem, stale, unable, denied }: Failure): number {
  io.err(`leashctl: ${show(problem)}`);
  if (denied) return EXIT.denied;
  return stale || unable ? EXIT.failure : EXIT.usage;
}
