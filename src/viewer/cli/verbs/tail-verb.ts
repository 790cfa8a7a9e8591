// `leashctl tail`: the newest rows of the record, and with -f those that come.

import { dirname } from 'node:path';
import type { LogQuery } from '../../store/log-params.ts';
import { LogTail } from '../../store/log-tail.ts';
import type { Row } from '../../store/row.ts';
import { compileJudge } from '../../stream/live-judge.ts';
import { NewsQueue } from '../../stream/news-queue.ts';
import { settle } from '../../stream/queue-search.ts';
import { show } from '../paint.ts';
import { type OpenRecord, openRecord } from '../record/open-record.ts';
import { LOG_OPTION, QUERY, readCount, readQueryWords } from '../record/query-words.ts';
import { endOfSearch, rowWriter, tellNoLog, tellNotes } from '../record/tell-rows.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';

const USUAL_LINES = 20;

export const TAIL_VERB: Verb = {
  name: 'tail',
  group: 'record',
  help: 'the newest requests, oldest on top; -f goes on as they come',
  details: [
    'It follows the record through the rotation of its segments. Requests that are under way are shown when they end; with class:running in the query, as they begin.',
  ],
  positionals: [{ ...QUERY, isOptional: true }],
  options: [
    { name: '--follow', short: '-f', help: 'go on until Ctrl-C' },
    {
      name: '--lines',
      short: '-n',
      value: 'N',
      help: `so many of the newest: ${USUAL_LINES} where it is absent`,
    },
    LOG_OPTION,
  ],
  exits: { unreachable: 'there is no log', nothing: 'there is none, and it was not to follow' },
  examples: [
    { command: 'leashctl tail -f class:blocked', what: 'what is blocked, as it happens' },
    { command: 'leashctl tail -n 100 agent:ci', what: 'the last hundred of one agent' },
  ],
  run: runTail,
};

async function runTail(call: Call): Promise<number> {
  const { io, config, options } = call;
  const query = readQueryWords(call);
  const lines = readCount(call, '--lines', USUAL_LINES);
  if ('problem' in query || typeof lines === 'object') {
    const problem = 'problem' in query ? query.problem : lines;
    io.err(`leashctl: ${typeof problem === 'object' ? problem.problem : problem}`);
    return EXIT.usage;
  }
  tellNotes(call, query.query.notes);
  const record = await openRecord(config, optionValue(call, '--log'));
  const write = rowWriter(call);
  try {
    if (options.has('--follow'))
      return await follow(call, record, { ...query, limit: lines }, write);
    if (record.isEmpty) return tellNoLog(call, record);
    const page = await record.whole.find({ ...query, limit: lines });
    for (const row of page.rows.toReversed()) await write(row);
    const { lines: tooLong, segments } = page.skipped;
    return endOfSearch(call, page.rows.length, { lines: tooLong, segments: new Set(segments) });
  } finally {
    await record.close();
  }
}

/** First what is there, then what comes: nothing between the two is lost or told twice. */
async function follow(
  { io }: Call,
  { logPath, search, whole }: OpenRecord,
  query: LogQuery,
  write: (row: Row) => Promise<void>,
): Promise<number> {
  const signal = io.interrupted();
  const news = new Bell(signal);
  const queue = new NewsQueue(compileJudge(query.query, Date.now() / 1000), '');
  const tail = new LogTail({
    log: search.log,
    folder: dirname(logPath),
    onError: (error) => io.err(`leashctl: ${show(error.message)}`),
  });
  const stop = await tail.listen((told) => {
    queue.push(told);
    news.ring();
  });
  try {
    const isAsked = query.query.terms.some(({ field }) => field === 'class');
    const isShown = (row: Row) => isAsked || row.class !== 'running';
    const page = await whole.find(query);
    for (const row of page.rows.toReversed()) if (isShown(row)) await write(row);
    queue.putInFront([], page.newest ?? (tail.newest || null));
    while (!signal.aborted) {
      await settle(queue, query, search);
      const next = queue.take();
      if (next === null) await news.rung();
      else if (next.event === 'gap') {
        io.err('leashctl: more came than could be shown: some is left out, leashctl search has it');
      } else {
        for (const row of next.data.rows.toReversed()) if (isShown(row)) await write(row);
      }
    }
    return EXIT.ok;
  } finally {
    stop();
  }
}

/** Wakes one who waits; rung before, it is heard at once. Ctrl-C rings, too. */
class Bell {
  #isRung = false;
  #wake = () => {};

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.ring());
  }

  ring(): void {
    this.#isRung = true;
    this.#wake();
  }

  async rung(): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isRung = false;
  }
}
