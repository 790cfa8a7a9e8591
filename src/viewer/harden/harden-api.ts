// The routes that show what enforce mode blocks or would block, in groups. They change nothing.
// Where access is decided: `guard.ts`, before any of this runs.

import { Hono } from 'hono';
import { compilePolicy } from '../../shared/policy.ts';
import { parseTime } from '../../shared/query.ts';
import type { GuardDeps } from '../access/guard.ts';
import { brokenFile, type Planner } from '../policy/planner.ts';
import { readPolicy } from '../policy/policy-reader.ts';
import { walkRows } from '../search/walk-rows.ts';
import type { Finder } from '../store/page.ts';
import { parsePosition } from '../store/position-text.ts';
import type { ViewerEnv } from '../viewer-env.ts';
import { Backlog, type BacklogGroup } from './backlog.ts';

export type BacklogPage = {
  readonly groups: readonly BacklogGroup[];
  readonly rows: number;
  readonly solved: number;
  /** Rows for which there was no room among the groups. */
  readonly overflow: number;
  readonly complete: boolean;
  readonly searched_back_to: number | null;
  /** Ask with `before` for the groups of what is older; they add up. */
  readonly cursor: string | null;
};

/** One answer takes about so long; the page shows how far it came and asks on. */
const BUDGET_MS = 800;

type Deps = GuardDeps & { readonly planner: Planner; readonly search: Finder };

export function createHardenApi({ config, planner, search }: Deps) {
  return new Hono<ViewerEnv>().get('/api/backlog', async (c) => {
    const nowMs = search.nowMs();
    const sinceS = parseTime(c.req.query('since') ?? '7d', nowMs / 1000);
    if (sinceS === null) return c.json({ error: 'since must be a time like 7d' }, 400);
    const before = c.req.query('before');
    if (before && parsePosition(before) === null) {
      return c.json({ error: 'before must be a cursor of this API' }, 400);
    }
    const now = await planner.policyOf(await readPolicy(config.policyDir));
    if ('problem' in now) return c.json(brokenFile(now), 409);
    const backlog = new Backlog(compilePolicy(1, { ...now.source, mode: 'enforce' }), nowMs);
    const { complete, searchedBackTo, cursor } = await walkRows(search, {
      q: 'class:would_block,blocked',
      sinceS,
      before,
      budgetMs: BUDGET_MS,
      onRow: (row) => {
        backlog.take(row);
        return true;
      },
    });
    const page: BacklogPage = {
      ...backlog.result(),
      complete,
      searched_back_to: searchedBackTo,
      cursor,
    };
    return c.json(page);
  });
}
