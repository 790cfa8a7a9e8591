// The routes that hand the record out as a file: raw lines (NDJSON) or an HTTP Archive, of one flow, of
// some, or of all that answer a query. Written while they are read, so that memory does not grow with
// them, and ended when the client leaves. Where access is decided: `guard.ts`, before any of this runs.

import { type Context, Hono } from 'hono';
import { isRedacted, paramsOf } from '../params.ts';
import { readLineAt } from '../proof/line-at.ts';
import type { RouteDeps } from '../route-deps.ts';
import { rowsOf } from '../search/walk-rows.ts';
import { type FlowDeps, readFlow } from '../store/flow.ts';
import { type LogQuery, parseLogQuery } from '../store/log-params.ts';
import type { Finder } from '../store/page.ts';
import { formatPosition, parsePosition } from '../store/position-text.ts';
import type { Position } from '../store/segment-reader.ts';
import type { ViewerEnv } from '../viewer-env.ts';
import { flowAt } from './flow-at.ts';
import { flowLines } from './flow-lines.ts';
import { type HarSource, harText } from './har-text.ts';
import { Limited } from './limited.ts';
import { textStream } from './text-stream.ts';

/** What programs that read archives still open; the log's own lines have no such limit. */
const MAX_HAR_ENTRIES = 10_000;
/** As many places as fit into an address. */
const MAX_SELECTED = 500;
/** So long is looked whether there is more than the limit, before the first byte of an archive. */
const LOOK_MS = 1500;

/** What to export: places that were chosen, or a query. */
type Wanted =
  | { readonly places: readonly Position[] }
  | { readonly query: LogQuery; readonly limit: number };

export function createExportApi(deps: RouteDeps) {
  const { search } = deps;
  const nameOf = (kind: string) => {
    const stamp = new Date(deps.now()).toISOString().slice(0, 19).replace(/[-:]/g, '');
    return `leash-${stamp}Z.${kind}`;
  };
  return new Hono<ViewerEnv>()
    .get('/api/export.jsonl', async (c) => {
      const wanted = await readWanted(c, search, Number.POSITIVE_INFINITY);
      if ('problem' in wanted) return c.json({ error: wanted.problem }, wanted.status);
      attach(c, nameOf('jsonl'), 'application/x-ndjson');
      return c.body(textStream((isOver) => rawLines(search, wanted, isOver)));
    })
    .get('/api/export.har', async (c) => {
      const wanted = await readWanted(c, search, MAX_HAR_ENTRIES);
      if ('problem' in wanted) return c.json({ error: wanted.problem }, wanted.status);
      const redact = isRedacted(paramsOf(c).redact);
      attach(c, nameOf('har'), 'application/json');
      if (await hasMore(search, wanted)) c.header('x-leash-truncated', String(limitOf(wanted)));
      const creator = { name: 'leash', version: deps.version };
      return c.body(
        textStream((isOver) => harText(creator, harSource(search, wanted, redact, isOver))),
      );
    });
}

function attach(c: Context, name: string, type: string): void {
  c.header('content-type', `${type}; charset=utf-8`);
  c.header('content-disposition', `attachment; filename="${name}"`);
  c.header('x-leash-order', 'newest-first');
}

type Refused = { readonly problem: string; readonly status: 400 | 404 };

async function readWanted(
  c: Context,
  search: FlowDeps & Finder,
  most: number,
): Promise<Wanted | Refused> {
  const { id, at, ids, limit: limitText, ...params } = paramsOf(c);
  if (id !== undefined || at !== undefined) return onePlace(search, id ?? '-', at);
  if (ids !== undefined) {
    const places = ids.split(',').map(parsePosition);
    if (places.length > MAX_SELECTED) {
      return { problem: `ids must have at most ${MAX_SELECTED} places`, status: 400 };
    }
    const good = places.filter((place) => place !== null);
    if (good.length < places.length) {
      return { problem: 'ids must be places of rows (`at`), with commas', status: 400 };
    }
    return { places: good };
  }
  const query = parseLogQuery(params);
  if ('problem' in query) return { problem: query.problem, status: 400 };
  const limit = limitText === undefined ? most : Number(limitText);
  const isCount = limitText === undefined || (Number.isInteger(limit) && limit >= 1);
  if (!isCount) return { problem: 'limit must be a number from 1 on', status: 400 };
  return { query, limit: Math.min(limit, most) };
}

async function onePlace(
  search: FlowDeps & Finder,
  id: string,
  at?: string,
): Promise<Wanted | Refused> {
  const place = at === undefined ? null : parsePosition(at);
  if (at !== undefined && place === null) {
    return { problem: 'at must be a cursor of this API', status: 400 };
  }
  const flow = await readFlow(search, { id, ...(at !== undefined && { at }), redact: true });
  const found = flow === null ? null : parsePosition(flow.row.at);
  if (found === null) return { problem: 'this record was not found in the log', status: 404 };
  return { places: [found] };
}

function limitOf(wanted: Wanted): number {
  return 'places' in wanted ? wanted.places.length : wanted.limit;
}

/** Whether there are more rows than the limit, as far as a short look tells. */
async function hasMore(search: FlowDeps & Finder, wanted: Wanted): Promise<boolean> {
  if ('places' in wanted) return false;
  const stopAt = search.now() + LOOK_MS;
  let count = 0;
  for await (const _ of rowsOf(search, wanted.query, () => search.now() > stopAt)) {
    count += 1;
    if (count > wanted.limit) return true;
  }
  return false;
}

async function* rawLines(
  search: FlowDeps & Finder,
  wanted: Wanted,
  isOver: () => boolean,
): AsyncGenerator<Uint8Array> {
  if ('places' in wanted) {
    for (const place of wanted.places) {
      for await (const line of flowLines(search, place)) yield withNewline(line);
    }
    return;
  }
  for await (const row of new Limited(rowsOf(search, wanted.query, isOver), wanted.limit)) {
    const place = parsePosition(row.at);
    const line = place === null ? null : await readLineAt(search.log, place);
    if (line !== null) yield withNewline(line.bytes);
  }
}

function withNewline(line: Buffer): Uint8Array {
  return Buffer.concat([line, NEWLINE]);
}
const NEWLINE = Buffer.from('\n');

function harSource(
  search: FlowDeps & Finder,
  wanted: Wanted,
  redact: boolean,
  isOver: () => boolean,
): HarSource {
  if ('places' in wanted) {
    const list = wanted.places.map(formatPosition);
    return { flows: flowsAt(search, list, redact), isCut: () => false, limit: list.length };
  }
  const rows = new Limited(rowsOf(search, wanted.query, isOver), wanted.limit);
  return { flows: flowsOf(search, rows, redact), isCut: () => rows.isCut, limit: wanted.limit };
}

async function* flowsOf(
  search: FlowDeps & Finder,
  rows: AsyncIterable<{ at: string }>,
  redact: boolean,
) {
  for await (const { at } of rows) yield flowAt(search, at, redact);
}

async function* flowsAt(search: FlowDeps & Finder, list: readonly string[], redact: boolean) {
  for (const at of list) yield flowAt(search, at, redact);
}
