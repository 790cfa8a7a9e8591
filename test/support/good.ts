// What a parser of ours returned, where a test knows that it must be good.

/** The value, or an error with the problem that it is. */
export function good<T>(parsed: T | { readonly problem: string }): T {
  if (typeof parsed === 'object' && parsed !== null && 'problem' in parsed) {
    throw new Error(`Expected no problem, got: ${parsed.problem}`);
  }
  return parsed as T;
}
