// The record for a command that reads it: the same search as the viewer's, in this process, over the
// segments themselves. The viewer's indexes are used where they fit, and never made or changed.

import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Config } from '../../../shared/config.ts';
import { openDecoder } from '../../decode/decoder.ts';
import { IndexKeeper } from '../../index/index-keeper.ts';
import { findRows } from '../../search/find-rows.ts';
import { Searcher } from '../../search/searcher.ts';
import type { FlowDeps } from '../../store/flow.ts';
import { LogFolder } from '../../store/log-folder.ts';
import type { LogQuery } from '../../store/log-params.ts';
import type { Finder } from '../../store/page.ts';

export type OpenRecord = {
  readonly logPath: string;
  /** There is no segment at all. */
  readonly isEmpty: boolean;
  readonly searcher: Searcher;
  /** In bounded steps, as the viewer asks. */
  readonly search: FlowDeps & Finder;
  /** The same without bounds: one page has all that answers, up to its limit. */
  readonly whole: FlowDeps & Finder;
  close(): Promise<void>;
};

/** A person waits for all of it, and ends it with Ctrl-C. */
const UNBOUNDED = { ms: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/** `given`: a copy, as a folder of segments or the path of its log; absent: this leash's own. */
export async function openRecord(
  { logPath: own, stateDir }: Pick<Config, 'logPath' | 'stateDir'>,
  given?: string,
): Promise<OpenRecord> {
  const logPath = given === undefined ? own : await logPathOf(given, own);
  const log = new LogFolder(logPath);
  const decoder = openDecoder();
  const reader = { log, now: () => performance.now(), nowMs: Date.now, decode: decoder.decode };
  const keeper = new IndexKeeper({ log, logPath, stateDir, isReadOnly: true });
  await keeper.settled();
  const isEmpty = (await log.list()).length === 0;
  const bounded = new Searcher(reader, keeper);
  const searcher = new Searcher(reader, keeper, { limits: UNBOUNDED });
  return {
    logPath,
    isEmpty,
    searcher,
    search: { ...reader, find: (query: LogQuery) => findRows(bounded, query) },
    whole: { ...reader, find: (query: LogQuery) => findRows(searcher, query) },
    async close() {
      await keeper.close();
      await decoder.close();
    },
  };
}

/** A folder holds segments under the name that this leash's log has. */
async function logPathOf(given: string, own: string): Promise<string> {
  const facts = await stat(given).catch(() => null);
  return facts?.isDirectory() ? join(given, basename(own)) : given;
}
