// The changes of the policy as the record has them, newest first: who, when, what. Reads the log; what
// stands in the files now is not its business.

import { walkRows } from '../search/walk-rows.ts';
import { type FlowDeps, readFlow } from '../store/flow.ts';
import type { Finder } from '../store/page.ts';
import type { Row } from '../store/row.ts';

export type HistoryEntry = {
  readonly at: string;
  readonly ts: number;
  readonly event: 'policy_change' | 'mode_change' | 'policy_error';
  /** `viewer 10.0.0.5`, `leashctl root`; empty: by hand. */
  readonly actor: string;
  readonly file: string;
  readonly version: number | null;
  readonly sha256: string;
  /** Lines gone (`- `) and new (`+ `). */
  readonly diff: readonly string[];
  readonly previous: string;
  readonly mode: string;
  readonly line: number | null;
  readonly message: string;
};

export type HistoryPage = {
  readonly entries: readonly HistoryEntry[];
  /** Go on from here with `before`; null: there is nothing older. */
  readonly cursor: string | null;
  readonly searched_back_to: number | null;
};

/** Each is a record to be read; a screen or two. */
const MAX_ENTRIES = 50;
const BUDGET_MS = 1500;

/** One page; may hold less than asked for where the log is long: then there is a cursor. */
export async function readHistory(
  deps: FlowDeps & Finder,
  ask: { readonly before?: string | undefined; readonly limit: number },
): Promise<HistoryPage> {
  const rows: Row[] = [];
  const limit = Math.min(ask.limit, MAX_ENTRIES);
  let isOriginal = false;
  const { cursor, searchedBackTo } = await walkRows(deps, {
    q: 'event:policy_change,mode_change,policy_error',
    sinceS: null,
    before: ask.before,
    budgetMs: BUDGET_MS,
    onRow: (row) => {
      // Anybody may have written the original's file; what is older stands there, too.
      isOriginal = !row.chained;
      return !isOriginal && rows.push(row) < limit;
    },
  });
  const entries: HistoryEntry[] = [];
  for (const row of rows) {
    const flow = await readFlow(deps, { id: row.id, at: row.at, redact: false });
    const entry = flow === null ? null : toEntry(row, flow.fields);
    if (entry !== null) entries.push(entry);
  }
  return { entries, cursor: isOriginal ? null : cursor, searched_back_to: searchedBackTo };
}

function toEntry(row: Row, fields: Readonly<Record<string, unknown>>): HistoryEntry | null {
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === 'string' ? value : '';
  };
  const numeric = (name: string) => {
    const value = fields[name];
    return typeof value === 'number' ? value : null;
  };
  // A new mode is a record of its own kind, with the old one in it.
  if (row.event === 'policy_change' && text('file') === 'mode') return null;
  const { diff } = fields;
  return {
    at: row.at,
    ts: row.ts,
    event: row.event as HistoryEntry['event'],
    actor: text('actor'),
    file: row.event === 'mode_change' ? 'mode' : text('file'),
    version: numeric('version') ?? numeric('policy'),
    sha256: text('sha256'),
    diff: Array.isArray(diff) ? diff.map(String) : [],
    previous: text('previous'),
    mode: text('mode'),
    line: numeric('line'),
    message: text('message'),
  };
}
