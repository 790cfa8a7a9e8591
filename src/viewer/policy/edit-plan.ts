// What a change asked for makes of the policy: the file's new text, the lines that differ, and the policy
// before and after. Pure; may take long for long files, so `planner.ts` has it done in a thread.

import { isCutOff, isProblems, type PolicyProblem } from '../../shared/policy-file.ts';
import { joinPolicy, parseWholeFile } from '../../shared/policy-join.ts';
import type { PolicyFile, PolicySource } from '../../shared/policy-source.ts';
import { type LevelChanges, levelChanges } from './level-change.ts';
import {
  addEntries,
  type Edited,
  type EditFile,
  type EntrySpec,
  removeEntries,
} from './policy-edit.ts';
import type { PolicyTexts } from './policy-reader.ts';
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
      readonly compared: Compared;
    });

/** The policy before and after; a problem: a file is wrong, so that what is in force is not known. */
export type Compared =
  | { readonly before: PolicySource; readonly after: PolicySource }
  | { readonly problem: string };
/** What the files say together, or what is wrong with them. */
export type Joined = { readonly source: PolicySource; readonly problem: string };

export type PlanTask =
  | { readonly kind: 'apply'; readonly text: string; readonly op: EditOp }
  | {
      readonly kind: 'plan';
      readonly files: PolicyTexts;
      readonly op: EditOp;
      readonly nowMs: number;
    }
  | { readonly kind: 'diff'; readonly before: string; readonly after: string }
  | {
      readonly kind: 'undo';
      readonly after: string;
      readonly diff: readonly string[];
      readonly to: string;
    }
  | { readonly kind: 'join'; readonly files: PolicyTexts };
/** What each kind of task gives. */
export type PlanResults = {
  apply: Edited;
  plan: Plan;
  diff: readonly string[];
  undo: string | null;
  join: Joined;
};

/** The entry of a thread; what it takes and gives can be cloned. */
export function runPlanTask(task: PlanTask): PlanResults[PlanTask['kind']] {
  switch (task.kind) {
    case 'apply':
      return applyEdit(task.text, task.op);
    case 'plan':
      return planEdit(task.files, task.op, task.nowMs);
    case 'diff':
      return unifiedDiff(task.before, task.after);
    case 'undo':
      return textBefore(task.after, task.diff, task.to);
    case 'join':
      return joinFiles(task.files);
  }
}

/** The text of a file with the change in it, valid, or what is wrong. */
export function applyEdit(text: string, op: EditOp): Edited {
  if (op.kind !== 'replace' && isCutOff(text)) return { problem: 'it was cut off: mend it first' };
  if (op.kind === 'add') return addEntries(op.file, text, op.entries);
  if (op.kind === 'remove') return removeEntries(op.file, text, op.entries);
  const problems = problemsOf(op.file, op.text);
  const [first] = problems;
  if (first === undefined) return { text: op.text, changed: op.text !== text };
  return { problem: `line ${first.line}, column ${first.column}: ${first.message}`, problems };
}

/** The change against all files as they stand. */
export function planEdit(files: PolicyTexts, op: EditOp, nowMs: number): Plan {
  const { texts, problems } = files;
  const text = texts[op.file] ?? '';
  const edited = applyEdit(text, op);
  if ('problem' in edited) return { problem: edited.problem, problems: edited.problems ?? [] };
  const diff = unifiedDiff(text, edited.text);
  // What is made is what was shown: no line may hide behind the end of a list.
  if (diff.length > MAX_DIFF_LINES) return { problem: TOO_LONG, problems: [] };
  const compared = compare(
    joinFiles(files),
    joinFiles({ texts: { ...texts, [op.file]: edited.text }, problems }),
  );
  const levels =
    'problem' in compared ? UNKNOWN : levelChanges(compared.before, compared.after, nowMs);
  return { ...edited, diff, compared, ...levels };
}

/** Two policies of which each must be known. */
export function compare(before: Joined, after: Joined): Compared {
  const problem = before.problem || after.problem;
  return problem === '' ? { before: before.source, after: after.source } : { problem };
}

function joinFiles({ texts, problems: unread }: PolicyTexts): Joined {
  const { source, problems } = joinPolicy(texts);
  const [first] = [...unread, ...problems];
  const problem = first === undefined ? '' : `${first.file}:${first.line}: ${first.message}`;
  return { source, problem };
}

function problemsOf(file: PolicyFile, text: string): readonly PolicyProblem[] {
  // The primary takes it for a file that was emptied by accident.
  if (file !== 'mode' && text === '') return [{ file, line: 1, column: 1, message: EMPTY }];
  const content = parseWholeFile(file, text);
  return isProblems(content) ? content : [];
}

const EMPTY = 'an empty file changes nothing: write an empty list';
const TOO_LONG = `more than ${MAX_DIFF_LINES} lines would differ, too many to be shown: change less at once`;
/** Where the policy is not known, nothing can be said about its levels. */
const UNKNOWN: LevelChanges = { narrows: [], widens: [] };
