// A client of server-sent events that shows what came, for tests of streams. One connection of its own.

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { waitFor } from './wait-for.ts';

export type ServerEvent = {
  readonly event: string;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any member and asserts its value
  readonly data: any;
};

export type EventStream = {
  readonly status: number;
  /** Of an answer that is no stream. */
  readonly text: () => string;
  readonly events: ServerEvent[];
  readonly comments: () => number;
  readonly hasEnded: () => boolean;
  /** All rows of all events so far, in the order they came. */
  rowIds(): string[];
  waitFor(what: string, fits: () => boolean, timeoutMs?: number): Promise<void>;
  /** Takes nothing more off the connection. */
  stall(): void;
  close(): void;
};

export type StreamOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
};

/** Resolves with the head of the answer. */
export async function openStream(
  port: number,
  path: string,
  { headers = {}, from }: StreamOptions = {},
): Promise<EventStream> {
  const events: ServerEvent[] = [];
  let text = '';
  let rest = '';
  let comments = 0;
  let ended = false;
  const [outgoing, response] = await new Promise<[ClientRequest, IncomingMessage]>(
    (resolve, reject) => {
      const local = from === undefined ? {} : { localAddress: from };
      const sent = request({ host: '127.0.0.1', port, path, agent: false, headers, ...local });
      sent.on('response', (answer) => resolve([sent, answer]));
      sent.on('error', reject);
      sent.end();
    },
  );
  outgoing.on('error', () => {});
  response.on('error', () => {});
  response.on('close', () => {
    ended = true;
  });
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    rest += chunk.toString();
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) comments += 1;
      else events.push(parseBlock(block));
    }
  });
  return {
    status: response.statusCode ?? 0,
    text: () => text,
    events,
    comments: () => comments,
    hasEnded: () => ended,
    rowIds: () =>
      events
        .filter(({ event }) => event === 'rows')
        .flatMap(({ data }) => data.rows.map((row: { id: string }) => row.id)),
    waitFor: async (what, fits, timeoutMs = 5000) => {
      await waitFor(fits, { what, timeoutMs });
    },
    stall: () => void response.pause(),
    close: () => void outgoing.destroy(),
  };
}

function parseBlock(block: string): ServerEvent {
  const fields = new Map(
    block
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  return {
    event: fields.get('event') ?? '',
    id: fields.get('id') ?? '',
    data: JSON.parse(fields.get('data') ?? 'null'),
  };
}
