// What a change asked for makes of the policy: the file's new text, the lines that differ, and the policy
// before and after. Pure; may take long for long files, so `planner.ts` has it done in a thread.

import { isCutOff, isProblems, type PolicyProblem } from '../../shared/policy-file.ts';
import { joinPolicy, parsePolicyFile } from '../../shared/policy-join.ts';
import type { PolicyFile, PolicySource } from '../../shared/policy-source.ts';
import { type LevelChanges, levelChanges } from './level-change.ts';
import {
  addEntries,
  type Edited,
  type EditFile,
  type EntrySpec,
  removeEntries,
} from './policy-edit.ts';
import { textBefore } from './undo-by-diff.ts';
import { MAX_DIFF_LINES, unifiedDiff } from './unified-diff.ts';

export type EditOp =
  | { readonly kind: 'add'; readonly file: EditFile; readonly entries: readonly EntrySpec[] }
  | { readonly kind: 'remove'; readonly file: EditFile; readonly entries: readonly EntrySpec[] }
  | { readonly kind: 'replace'; readonly file: PolicyFile; readonly text: string };

export type Plan =
  | { readonly problem: string; readonly problems: readonly PolicyProblem[] }
  | (LevelChanges & {
      readonly text: string;
      readonly changed: boolean;
      readonly diff: readonly string[];
      readonly before: PolicySource;
      readonly after: PolicySource;
    });

export type PlanTask =
  | { readonly kind: 'apply'; readonly text: string; readonly op: EditOp }
  | { readonly kind: 'plan'; readonly texts: Texts; readonly op: EditOp; readonly nowMs: number }
  | { readonly kind: 'diff'; readonly before: string; readonly after: string }
  | {
      readonly kind: 'undo';
      readonly after: string;
      readonly diff: readonly string[];
      readonly to: string;
    }
  | { readonly kind: 'join'; readonly texts: Texts };
export type Texts = Readonly<Record<string, string>>;
/** What each kind of task gives. */
export type PlanResults = {
  apply: Edited;
  plan: Plan;
  diff: readonly string[];
  undo: string | null;
  join: PolicySource;
};

/** The entry of a thread; what it takes and gives can be cloned. */
export function runPlanTask(task: PlanTask): PlanResults[PlanTask['kind']] {
  switch (task.kind) {
    case 'apply':
      return applyEdit(task.text, task.op);
    case 'plan':
      return planEdit(task.texts, task.op, task.nowMs);
    case 'diff':
      return unifiedDiff(task.before, task.after);
    case 'undo':
      return textBefore(task.after, task.diff, task.to);
    case 'join':
      return joinPolicy(task.texts).source;
  }
}

/** The text of a file with the change in it, valid, or what is wrong. */
export function applyEdit(text: string, op: EditOp): Edited {
  if (op.kind === 'add') return addEntries(op.file, text, op.entries);
  if (op.kind === 'remove') return removeEntries(op.file, text, op.entries);
  const problems = problemsOf(op.file, op.text);
  const [first] = problems;
  if (first === undefined) return { text: op.text, changed: op.text !== text };
  return { problem: `line ${first.line}, column ${first.column}: ${first.message}`, problems };
}

/** The change against all files as they stand. */
export function planEdit(texts: Texts, op: EditOp, nowMs: number): Plan {
  const text = texts[op.file] ?? '';
  const edited = applyEdit(text, op);
  if ('problem' in edited) return { problem: edited.problem, problems: edited.problems ?? [] };
  const diff = unifiedDiff(text, edited.text);
  // What is made is what was shown: no line may hide behind the end of a list.
  if (diff.length > MAX_DIFF_LINES) return { problem: TOO_LONG, problems: [] };
  const before = joinPolicy(texts).source;
  const after = joinPolicy({ ...texts, [op.file]: edited.text }).source;
  return { ...edited, diff, before, after, ...levelChanges(before, after, nowMs) };
}

function problemsOf(file: PolicyFile, text: string): readonly PolicyProblem[] {
  const content = parsePolicyFile(file, text);
  if (isProblems(content)) return content;
  if (file !== 'mode' && (text === '' || isCutOff(text))) {
    const line = text.split('\n').length;
    // The primary takes it for a file that was cut off or emptied by accident.
    const message = text === '' ? 'an empty file changes nothing: write an empty list' : CUT_OFF;
    return [{ file, line, column: 1, message }];
  }
  return [];
}

const TOO_LONG = `more than ${MAX_DIFF_LINES} lines would differ, too many to be shown: change less at once`;
const CUT_OFF = 'the last line has no end, as if it was cut off: end it with a newline';
