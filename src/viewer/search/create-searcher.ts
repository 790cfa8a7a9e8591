// Puts the search of a viewer together: the log, its indexes, and who makes them.

import { IndexKeeper } from '../index/index-keeper.ts';
import type { SearchDeps } from '../store/page.ts';
import type { ViewerDeps } from '../viewer-env.ts';
import { CoreShare } from './core-share.ts';
import { Searcher } from './searcher.ts';

export function createSearcher(
  { config, buildIndex }: Pick<ViewerDeps, 'config' | 'buildIndex'>,
  search: SearchDeps,
): Searcher {
  const { logPath, stateDir } = config;
  const keeper = new IndexKeeper({ log: search.log, logPath, stateDir, build: buildIndex });
  return new Searcher(search, keeper, { share: new CoreShare(logPath) });
}
