// The policies that a log is held against: the one of the policy folder, and the one that somebody thinks
// of: a folder, or one file that takes the place of its namesake in the folder of now.

import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isProblems, type PolicyProblem } from '../../shared/policy-file.ts';
import { joinPolicy, parseWholeFile } from '../../shared/policy-join.ts';
import { POLICY_FILES, type PolicyFile, type PolicySource } from '../../shared/policy-source.ts';
import { readPolicy, readPolicyFile } from '../policy/policy-reader.ts';

/** `source` null: there is no policy file at all. */
export type PolicyFound =
  | {
      readonly source: PolicySource | null;
      readonly texts: Readonly<Record<string, string>>;
    }
  | { readonly problem: string };

type Problem = { readonly problem: string };
/** The same of a path; `isFolder`: it is a whole policy. */
export type GivenPolicy =
  | (Exclude<PolicyFound, Problem> & { readonly isFolder: boolean })
  | Problem;

/** What the files of a folder say together. */
export async function folderPolicy(dir: string): Promise<PolicyFound> {
  const { texts, problems: unread } = await readPolicy(dir);
  const [first] = unread;
  if (first !== undefined) return { problem: problemText(first) };
  return joined(texts);
}

/** What a folder says, or a file in the place of its namesake among `texts`; a file of another name is an enforce.yaml. */
export async function givenPolicy(
  path: string,
  texts: Readonly<Record<string, string>>,
): Promise<GivenPolicy> {
  const facts = await stat(path).catch(() => null);
  if (facts === null) return { problem: 'there is no such file or folder' };
  if (facts.isDirectory()) {
    const found = await folderPolicy(path);
    if ('problem' in found) return found;
    if (found.source !== null) return { ...found, isFolder: true };
    return { problem: `there is none of ${POLICY_FILES.join(', ')} in it` };
  }
  const file = fileOf(path);
  const text = await readAs(path, file);
  if (typeof text !== 'string') return text;
  const content = parseWholeFile(file, text);
  if (isProblems(content)) return { problem: problemsText(content) };
  const found = joined({ ...texts, [file]: text });
  return 'problem' in found ? found : { ...found, isFolder: false };
}

/** The policy file that a path is taken for. */
export function fileOf(path: string): PolicyFile {
  return POLICY_FILES.find((name) => name === basename(path)) ?? 'enforce.yaml';
}

async function readAs(path: string, file: PolicyFile): Promise<string | { problem: string }> {
  // The reader takes names of policy files; any other name is read as what it stands for.
  const text = await readPolicyFile(dirname(path), basename(path) as PolicyFile);
  if (text === null) return { problem: 'there is no such file' };
  return typeof text === 'string' ? text : { problem: `${file}: ${text.message}` };
}

function joined(texts: Readonly<Record<string, string>>): PolicyFound {
  const { source, problems } = joinPolicy(texts);
  if (problems.length > 0) return { problem: problemsText(problems) };
  return { source: Object.keys(texts).length === 0 ? null : source, texts };
}

function problemsText(problems: readonly PolicyProblem[]): string {
  return problems.map(problemText).join('\n');
}

function problemText({ file, line, column, message }: PolicyProblem): string {
  return `${file}:${line}:${column}: ${message}`;
}
