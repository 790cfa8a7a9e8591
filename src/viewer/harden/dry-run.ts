// What a change would have done to the requests of the log, asked of `decide` for each of them.

import { compilePolicy } from '../../shared/policy.ts';
import type { Mode, PolicySource } from '../../shared/policy-source.ts';
import { walkRows } from '../search/walk-rows.ts';
import type { Finder } from '../store/page.ts';
import { type Effect, EffectCount } from './effect.ts';

/** A person waits so long for a number; beyond it the answer says how far it got. */
const BUDGET_MS = 3000;

export type DryRun = {
  readonly before: PolicySource;
  readonly after: PolicySource;
  /** The mode in which both decide; absent: each its own. */
  readonly mode?: Mode | undefined;
  readonly windowS: number;
};

/** Reads the window, newest first, and stops when the time is up. */
export async function dryRun(deps: Finder, run: DryRun): Promise<Effect> {
  const nowMs = deps.nowMs();
  const compiled = (source: PolicySource) =>
    compilePolicy(1, { ...source, mode: run.mode ?? source.mode });
  const count = new EffectCount(compiled(run.before), compiled(run.after), nowMs);
  const walked = await walkRows(deps, {
    q: 'class:allowed,would_block,blocked,running,uninspected',
    sinceS: nowMs / 1000 - run.windowS,
    budgetMs: BUDGET_MS,
    onRow: (row) => {
      count.take(row);
      return true;
    },
  });
  return {
    ...count.result(),
    mode: run.mode ?? run.after.mode,
    window_s: run.windowS,
    complete: walked.complete,
    searched_back_to: walked.searchedBackTo,
  };
}

/** The mode in which a list counts: what an edit of it does is seen there only. */
export function modeOfList(file: string): Mode | undefined {
  if (file.startsWith('enforce')) return 'enforce';
  return file.startsWith('blocklist') ? 'blocklist' : undefined;
}
