// What one program did in one scenario.

import type { Measurement } from './scenario.ts';

export type Result = {
  readonly scenario: string;
  readonly program: string;
  /** Its version, and what it writes down. */
  readonly what: string;
  /** What was measured, round by round, or why nothing was. */
  readonly outcome:
    | { readonly rounds: readonly Measurement[] }
    | { readonly problem: string }
    | { readonly skipped: string };
};
