// One page of a search, as the viewer's routes ask for it, of a log that has no index.

import { IndexKeeper } from '../../src/viewer/index/index-keeper.ts';
import { findRows } from '../../src/viewer/search/find-rows.ts';
import { Searcher } from '../../src/viewer/search/searcher.ts';
import type { LogQuery } from '../../src/viewer/store/log-params.ts';
import type { Page, SearchDeps } from '../../src/viewer/store/page.ts';

/** By the lines alone: what an index would answer is compared with it elsewhere. */
export function searchLog(deps: SearchDeps, query: LogQuery): Promise<Page> {
  const keeper = new IndexKeeper({ log: deps.log, logPath: '', stateDir: '' });
  keeper.close();
  return findRows(new Searcher(deps, keeper), query);
}
