// The origin of streams and of agents: HTTPS on a free port. Prints the port as one line of JSON.
//   POST or GET /events?count=N  text/event-stream of N events (or until /end)
//   GET /bytes?count=N&at=M      N bytes of text from the M-th on
//   /git/…                       repositories below `gitDir`
//   GET /end                     ends all streams; answers how many events were sent, and how late
//   GET /count                   requests so far

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { gitRoutes } from '../../test/support/clients/git-routes.ts';
import { portOf } from '../../test/support/free-port.ts';
import { Distribution } from './distribution.ts';
import { prose } from './prose.ts';
import { StreamTicker } from './stream-ticker.ts';

export type StreamOriginParameters = {
  readonly keyFile: string;
  readonly certFile: string;
  readonly gitDir: string;
};

/** What a stream without a number has: an hour. */
const MAX_EVENTS = 72_000;
const MAX_BYTES = 1024 * 1024;
const TEXT = prose(MAX_BYTES, 1);

export function main({ keyFile, certFile, gitDir }: StreamOriginParameters): void {
  const ticker = new StreamTicker();
  const git = gitRoutes(gitDir);
  let requests = 0;
  const server = createServer(
    { key: readFileSync(keyFile), cert: readFileSync(certFile), keepAliveTimeout: 600_000 },
    (request, response) => {
      const url = new URL(request.url ?? '/', 'https://localhost');
      const count = Number(url.searchParams.get('count') ?? 0);
      const at = Number(url.searchParams.get('at') ?? 0);
      if (url.pathname === '/count') return answer(response, JSON.stringify({ requests }));
      if (url.pathname === '/end') return void endAll(ticker, response);
      requests += 1;
      if (url.pathname.startsWith('/git/')) return void git(request, response);
      // An agent's prompt is read to its end before it is answered.
      request.resume().once('end', () => {
        if (url.pathname === '/events') stream(ticker, request, response, count || MAX_EVENTS);
        else answer(response, TEXT.slice(at, at + count));
      });
    },
  );
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    process.stdout.write(`${JSON.stringify({ port: portOf(server.address()) })}\n`);
  });
}

/** Answers with what was sent since the last time. */
async function endAll(ticker: StreamTicker, response: ServerResponse): Promise<void> {
  await ticker.endAll();
  const { events, lateness } = ticker;
  ticker.events = 0;
  ticker.lateness = new Distribution();
  answer(response, JSON.stringify({ events, latenessP99Ms: lateness.atMs(99) }));
}

function stream(
  ticker: StreamTicker,
  request: IncomingMessage,
  response: ServerResponse,
  count: number,
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  request.socket.setNoDelay(true);
  const remove = ticker.add(response, count);
  response.once('close', remove);
}

function answer(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': text.length });
  response.end(text);
}
