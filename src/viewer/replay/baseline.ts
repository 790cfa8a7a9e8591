// Whether an ask of the record passes as things are, before anything is changed. Pure.

import type { Judged } from './ask-judge.ts';
import type { AskFacts } from './recorded-flow.ts';

/**
 * `judged`: by the policy in force; null: there is none to be read, and the record says it. What was refused
 * then, and passes by now only because the mode lets everything pass that no list names, counts as refused:
 * that it can do without is on the record.
 */
export function passesNow(judged: Judged | null, facts: AskFacts): boolean {
  if (judged === null) return !facts.wasRefused;
  return judged.passes && !(facts.wasRefused && judged.byMode);
}
