// `leashctl search`: the rows of the record that answer a query, newest first.

import { allRows, type Skipped } from '../record/all-rows.ts';
import { openRecord } from '../record/open-record.ts';
import {
  LIMIT_OPTION,
  LOG_OPTION,
  QUERY,
  READ_EXITS,
  readCount,
  readQueryWords,
} from '../record/query-words.ts';
import { endOfSearch, rowWriter, tellNoLog, tellNotes } from '../record/tell-rows.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';

export const SEARCH_VERB: Verb = {
  name: 'search',
  group: 'record',
  help: 'the requests of the record that answer a query, newest first',
  details: [
    'The query is that of the viewer: all words and fields must hold, a comma stands for or, a minus in front for not. It reads the segments themselves, uses the indexes of the viewer where there are some, and needs no viewer. With --json each row is a line.',
  ],
  positionals: [QUERY],
  options: [LIMIT_OPTION, LOG_OPTION],
  exits: { ...READ_EXITS, nothing: 'nothing answers the query' },
  examples: [
    {
      command: 'leashctl search class:blocked since:1h',
      what: 'what was blocked in the last hour',
    },
    {
      command: "leashctl search 'host:*.github.com -method:GET' --json | jq -r .url",
      what: 'as JSON, a row a line',
    },
    { command: 'leashctl search body:password --log ./copy', what: 'in a copy of a log' },
  ],
  run: runSearch,
};

async function runSearch(call: Call): Promise<number> {
  const { io, config } = call;
  const query = readQueryWords(call);
  const limit = readCount(call, '--limit', Number.POSITIVE_INFINITY);
  const problem = problemOf(query) ?? problemOf(limit);
  if (problem !== null || 'problem' in query || typeof limit !== 'number') {
    io.err(`leashctl: ${problem}`);
    return EXIT.usage;
  }
  tellNotes(call, query.query.notes);
  const signal = io.interrupted();
  const record = await openRecord(config, optionValue(call, '--log'));
  const skipped: Skipped = { lines: 0, segments: new Set() };
  const write = rowWriter(call);
  let count = 0;
  try {
    if (record.isEmpty) return tellNoLog(call, record);
    for await (const row of allRows(record.searcher, query, signal, skipped)) {
      await write(row);
      count += 1;
      if (count >= limit) break;
    }
  } finally {
    await record.close();
  }
  return endOfSearch(call, count, skipped);
}

function problemOf(value: object | number): string | null {
  return typeof value === 'object' && 'problem' in value ? String(value.problem) : null;
}
