// `leashctl show`: one request of the record, with its headers and bodies.

import { parseLine } from '../../../shared/audit-line.ts';
import { formatTerm } from '../../../shared/query.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import { readLineAt } from '../../proof/line-at.ts';
import { type Flow, readFlow } from '../../store/flow.ts';
import { parseLogQuery } from '../../store/log-params.ts';
import { parsePosition } from '../../store/position-text.ts';
import { painter, show } from '../paint.ts';
import { allRows } from '../record/all-rows.ts';
import { flowText } from '../record/flow-text.ts';
import { type OpenRecord, openRecord } from '../record/open-record.ts';
import { LOG_OPTION, READ_EXITS, SECRETS_OPTION } from '../record/query-words.ts';
import { tellNoLog } from '../record/tell-rows.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';

export const SHOW_VERB: Verb = {
  name: 'show',
  group: 'record',
  help: 'one request of the record: what it was, headers, bodies',
  details: [
    'Values of headers that carry credentials are hidden, as in the viewer. Bodies are not.',
  ],
  positionals: [
    { name: 'ID', help: 'as search prints it; or a place (7:1234), as its JSON has it' },
  ],
  options: [SECRETS_OPTION, LOG_OPTION],
  exits: { ...READ_EXITS, nothing: 'there is no such record' },
  examples: [
    { command: 'leashctl show 3-1-204', what: 'the request with this id' },
    { command: 'leashctl show 3-1-204 --json | jq -r .response.body.text', what: 'a body alone' },
  ],
  run: runShow,
};

async function runShow(call: Call): Promise<number> {
  const { args, config, io, json, options } = call;
  const [id = ''] = args;
  const signal = io.interrupted();
  const record = await openRecord(config, optionValue(call, '--log'));
  try {
    if (record.isEmpty) return tellNoLog(call, record);
    const at = parsePosition(id) === null ? await placeOf(record, id, signal) : id;
    const redact = !options.has('--plain-secrets');
    const flow = at === null ? null : await flowOf(record, at, redact);
    if (signal.aborted) return EXIT.interrupted;
    if (flow === null) {
      io.err(`leashctl: there is no record ${show(id)} in the log`);
      return EXIT.nothing;
    }
    await io.write(`${json ? visibleJson(flow) : flowText(flow, painter(io))}\n`);
    return EXIT.ok;
  } finally {
    await record.close();
  }
}

/** With the record that opened it, and the parts of its bodies. */
async function flowOf({ search }: OpenRecord, at: string, redact: boolean): Promise<Flow | null> {
  const place = parsePosition(at);
  const line = place === null ? null : await readLineAt(search.log, place);
  const record = line && parseLine(line.bytes.toString());
  return record && readFlow(search, { id: record.id || '-', at, redact });
}

/** Of a flow with messages, its own record comes before theirs. */
async function placeOf(
  { searcher }: OpenRecord,
  id: string,
  signal: AbortSignal,
): Promise<string | null> {
  const query = parseLogQuery({ q: formatTerm('id', [id]) });
  if ('problem' in query) return null;
  let message: string | null = null;
  for await (const row of allRows(searcher, query, signal)) {
    // A star in the id would stand for anything.
    if (row.id !== id) continue;
    if (row.event !== 'websocket') return row.at;
    message ??= row.at;
  }
  return message;
}
