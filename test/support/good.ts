// What a parser of ours returned, where a test knows that it must be good, or wants its problems.

import { isProblems } from '../../src/shared/policy-file.ts';

/** The value, or an error with the problem that it is. */
export function good<T>(parsed: T | { readonly problem: string }): T {
  if (typeof parsed === 'object' && parsed !== null && 'problem' in parsed) {
    throw new Error(`Expected no problem, got: ${parsed.problem}`);
  }
  return parsed as T;
}

/** `line:column message` of each problem that a policy file's text has. */
export function problemsOf(parsed: unknown): string[] {
  if (!isProblems(parsed)) return [];
  return parsed.map(({ line, column, message }) => `${line}:${column} ${message}`);
}
