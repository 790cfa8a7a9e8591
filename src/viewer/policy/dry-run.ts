// What a change would have done to the requests of the log, asked of `decide` for each of them.

import { compilePolicy } from '../../shared/policy.ts';
import type { Mode, PolicySource } from '../../shared/policy-source.ts';
import { walkRows } from '../search/walk-rows.ts';
import type { Finder } from '../store/page.ts';
import type { Compared } from './edit-plan.ts';
import { type Effect, EffectCount, notCounted } from './effect.ts';

/** A person waits so long for a number; beyond it the answer says how far it got. */
const BUDGET_MS = 3000;

export type DryRun = {
  readonly compared: Compared;
  /** The mode in which both decide; undefined: each its own. */
  readonly mode: Mode | undefined;
  readonly windowS: number;
};

/** Reads the window, newest first, and stops when the time is up. */
export async function dryRun(deps: Finder, run: DryRun): Promise<Effect> {
  const { compared, mode, windowS } = run;
  if ('problem' in compared) return notCounted(compared.problem, mode ?? '', windowS);
  const nowMs = deps.nowMs();
  const compiled = (source: PolicySource) =>
    compilePolicy(1, { ...source, mode: mode ?? source.mode });
  const count = new EffectCount(compiled(compared.before), compiled(compared.after), nowMs);
  const walked = await walkRows(deps, {
    q: 'class:allowed,would_block,blocked,running,uninspected',
    sinceS: nowMs / 1000 - windowS,
    budgetMs: BUDGET_MS,
    onRow: (row) => {
      count.take(row);
      return true;
    },
  });
  return {
    ...count.result(),
    problem: '',
    mode: mode ?? compared.after.mode,
    window_s: windowS,
    complete: walked.complete,
    searched_back_to: walked.searchedBackTo,
  };
}

/** The mode in which a list counts: what an edit of it does is seen there only. */
export function modeOfList(file: string): Mode | undefined {
  if (file.startsWith('enforce')) return 'enforce';
  return file.startsWith('blocklist') ? 'blocklist' : undefined;
}
