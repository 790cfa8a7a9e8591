// One page of rows, newest first or from a place towards the end of the log, for a bounded time: a
// request that needs longer gets what was found, and a cursor to go on from.

import type { LogQuery } from '../store/log-params.ts';
import { addOnce, emptyPage, isTooNew, type Page, startOf } from '../store/page.ts';
import { formatPosition, isNewer, parsePosition } from '../store/position-text.ts';
import type { Position } from '../store/segment-reader.ts';
import type { Rest } from './core-share.ts';
import type { Searcher } from './searcher.ts';
import type { Step } from './steps.ts';

/** Behind the last line of a segment. */
const END = Number.MAX_SAFE_INTEGER;

/** Beside requests that pass, a page is looked for so long at full speed: most are found by then. */
const UNRESTED_MS = 100;

/** A page of the list, for somebody who may go away meanwhile. */
export function findPage(searcher: Searcher, query: LogQuery, signal: AbortSignal): Promise<Page> {
  return findFirst(searcher, query, { rest: searcher.rest(UNRESTED_MS), signal });
}

/** Rows before a place, the nearest first; or those behind one. */
export function findRows(searcher: Searcher, query: LogQuery): Promise<Page> {
  return findFirst(searcher, query, {});
}

async function findFirst(searcher: Searcher, query: LogQuery, how: How): Promise<Page> {
  // A page of all rows is their lines, one behind the other.
  const segments = await searcher.segments(query.query.terms.length > 0);
  return searcher.turns.first(() => find(searcher, { ...query, ...how, segments, canWait: false }));
}

/** The same where nobody waits for it: pages go first. */
export async function findRowsLater(searcher: Searcher, query: LogQuery): Promise<Page> {
  const segments = await searcher.segments();
  await searcher.turns.pass();
  return find(searcher, { ...query, segments, canWait: true });
}

type How = { readonly rest?: Rest | null; readonly signal?: AbortSignal | undefined };
type Asked = LogQuery & How & { readonly segments: readonly number[]; readonly canWait: boolean };

function find(searcher: Searcher, query: Asked): Promise<Page> {
  const page = emptyPage(query.query.notes);
  return query.order === 'newest'
    ? findOlder(searcher, query, page)
    : findNewer(searcher, query, page);
}

async function findOlder(searcher: Searcher, query: Asked, page: Page): Promise<Page> {
  const { segments } = query;
  const before = await startOf(searcher.log, query.before);
  const budget = searcher.budget({ signal: query.signal });
  const run = searcher.run(query, before, budget);
  for (const segment of segments.toReversed()) {
    if (before !== null && segment > before.segment) continue;
    if (query.after !== null && segment < query.after.segment) break;
    for await (const step of searcher.steps(run, segment)) {
      note(page, step);
      budget.spend(step.bytes);
      for (const row of step.rows) {
        if (isTooNew(row, query.before)) continue;
        page.rows.push(row);
        if (page.rows.length >= query.limit) return older(page, before, row.at, row.ts);
      }
      page.cursor = formatPosition(step.reached);
      if (budget.isOver()) return older(page, before, page.cursor, page.searchedBackTo);
    }
  }
  return older(page, before, null, page.searchedBackTo);
}

function older(
  page: Page,
  before: Position | null,
  cursor: string | null,
  searchedBackTo: number | null,
): Page {
  return {
    ...page,
    cursor,
    more: cursor !== null,
    searchedBackTo,
    newer: before === null ? null : (page.rows[0]?.at ?? justBefore(before)),
  };
}

/** A place such that what is newer begins with `place` itself. */
function justBefore({ segment, offset }: Position): string | null {
  if (offset > 0 && offset < END) return formatPosition({ segment, offset: offset - 1 });
  return segment > 0 ? `${segment - 1}:999999999999999` : null;
}

async function findNewer(searcher: Searcher, query: Asked, page: Page): Promise<Page> {
  const { after, segments } = query;
  const budget = searcher.budget({ signal: query.signal });
  const run = searcher.run(query, null, budget);
  for (const segment of segments) {
    if (after !== null && segment < after.segment) continue;
    for await (const step of searcher.steps(run, segment)) {
      note(page, step);
      budget.spend(step.bytes);
      for (const row of step.rows) {
        page.rows.push(row);
        if (page.rows.length >= query.limit) return newer(page, query, row.at);
      }
      if (budget.isOver()) return newer(page, query, formatPosition(step.reached));
    }
  }
  return newer(page, query, null);
}

function newer(page: Page, query: LogQuery, cursor: string | null): Page {
  const rows = page.rows.toReversed();
  const oldest = rows.at(-1);
  // A place that was asked for is a row that was shown: what is older than the page begins with it.
  const back = oldest?.at ?? (query.after === null ? null : formatPosition(query.after));
  const isFromStart = query.after === null;
  return {
    ...page,
    rows,
    newer: cursor,
    cursor: isFromStart ? null : back,
    more: !isFromStart,
    searchedBackTo: oldest?.ts ?? page.searchedBackTo,
  };
}

function note(page: Page, step: Step): void {
  if (step.newest !== null) {
    const known = page.newest === null ? null : parsePosition(page.newest);
    if (known === null || isNewer(step.newest, known)) page.newest = formatPosition(step.newest);
  }
  page.searchedBackTo = step.ts ?? page.searchedBackTo;
  page.skipped.lines += step.tooLong;
  if (step.isUnreadable) addOnce(page.skipped.segments, step.reached.segment);
}
