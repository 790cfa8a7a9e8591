// `leashctl export`: what answers a query, as an HTTP Archive or as the lines of the record themselves.

import { flowAt } from '../../export/flow-at.ts';
import { harText } from '../../export/har-text.ts';
import { Limited } from '../../export/limited.ts';
import { readLineAt } from '../../proof/line-at.ts';
import type { Flow } from '../../store/flow.ts';
import type { LogQuery } from '../../store/log-params.ts';
import { parsePosition } from '../../store/position-text.ts';
import type { Row } from '../../store/row.ts';
import { programVersion } from '../../version.ts';
import { show } from '../paint.ts';
import { allRows, type Skipped } from '../record/all-rows.ts';
import { type OpenRecord, openRecord } from '../record/open-record.ts';
import {
  LIMIT_OPTION,
  LOG_OPTION,
  QUERY,
  READ_EXITS,
  readCount,
  readQueryWords,
  SECRETS_OPTION,
} from '../record/query-words.ts';
import { endOfSearch, tellNoLog, tellNotes } from '../record/tell-rows.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';

/** What programs that read archives still open; the log's own lines have no such limit. */
const MAX_HAR_ENTRIES = 10_000;

export const EXPORT_VERB: Verb = {
  name: 'export',
  group: 'record',
  help: 'what answers a query as a file: an HTTP Archive, or lines of the record',
  details: [
    `On standard output, newest first. --har: for browsers and debuggers; credentials are hidden, no more than ${MAX_HAR_ENTRIES} requests unless --limit says so. --jsonl: the lines as they stand on the record, credentials and all.`,
  ],
  positionals: [{ ...QUERY, isOptional: true }],
  options: [
    { name: '--har', help: 'an HTTP Archive (HAR 1.2)' },
    { name: '--jsonl', help: 'lines of the record' },
    LIMIT_OPTION,
    SECRETS_OPTION,
    LOG_OPTION,
  ],
  exits: {
    ...READ_EXITS,
    nothing: 'nothing answers the query; an archive is written all the same',
  },
  examples: [
    {
      command: 'leashctl export --har host:api.test since:1d > api.har',
      what: 'a day of one host',
    },
    { command: 'leashctl export --jsonl class:blocked | jq .rule', what: 'by which rules' },
  ],
  run: runExport,
};

async function runExport(call: Call): Promise<number> {
  const { io, config, options } = call;
  const isHar = options.has('--har');
  if (isHar === options.has('--jsonl')) {
    io.err('leashctl: export takes --har or --jsonl');
    return EXIT.usage;
  }
  const query = readQueryWords(call);
  const most = isHar ? MAX_HAR_ENTRIES : Number.POSITIVE_INFINITY;
  const limit = readCount(call, '--limit', most);
  if ('problem' in query || typeof limit === 'object') {
    const problem = 'problem' in query ? query.problem : limit;
    io.err(`leashctl: ${typeof problem === 'object' ? problem.problem : problem}`);
    return EXIT.usage;
  }
  tellNotes(call, query.query.notes);
  const record = await openRecord(config, optionValue(call, '--log'));
  try {
    if (record.isEmpty) return tellNoLog(call, record);
    return await (isHar ? writeHar : writeLines)(call, record, { query, limit });
  } finally {
    await record.close();
  }
}

type Wanted = { readonly query: LogQuery; readonly limit: number };

async function writeLines(call: Call, record: OpenRecord, wanted: Wanted): Promise<number> {
  const { io } = call;
  const skipped: Skipped = { lines: 0, segments: new Set() };
  const rows = allRows(record.searcher, wanted.query, io.interrupted(), skipped);
  let count = 0;
  for await (const { at } of new Limited(rows, wanted.limit)) {
    const place = parsePosition(at);
    const line = place === null ? null : await readLineAt(record.search.log, place);
    if (line === null) continue;
    // To a file byte for byte; a terminal is shown nothing that acts on it.
    const isShown = io.screen !== undefined;
    await io.write(isShown ? `${show(line.bytes.toString())}\n` : withNewline(line.bytes));
    count += 1;
  }
  return endOfSearch(call, count, skipped);
}

function withNewline(line: Buffer): Buffer {
  return Buffer.concat([line, Buffer.from('\n')]);
}

async function writeHar(call: Call, record: OpenRecord, wanted: Wanted): Promise<number> {
  const { io, options } = call;
  const skipped: Skipped = { lines: 0, segments: new Set() };
  const found = allRows(record.searcher, wanted.query, io.interrupted(), skipped);
  const rows = new Limited(found, wanted.limit);
  let count = 0;
  const flows = async function* (): AsyncGenerator<Flow | null> {
    for await (const { at } of rows as AsyncIterable<Row>) {
      count += 1;
      yield flowAt(record.whole, at, !options.has('--plain-secrets'));
    }
  };
  const creator = { name: 'leash', version: programVersion() };
  const source = { flows: flows(), isCut: () => rows.isCut, limit: wanted.limit };
  for await (const text of harText(creator, source)) await io.write(text);
  if (rows.isCut)
    io.err(`leashctl: cut at ${wanted.limit} records, the newest: --limit takes more`);
  return endOfSearch(call, count, skipped);
}
