// SIGTERM while answers are under way over HTTP/2: each of them reaches its end.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTls } from '../support/protocols/open-tls.ts';
import { startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { waitFor } from '../support/wait-for.ts';

const CONNECTIONS = 30;
const ROUNDS = 3;

const waiting: ServerResponse[] = [];
let origin: Origin;

beforeAll(async () => {
  const handler = (_request: unknown, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    waiting.push(response);
  };
  origin = await startOrigin({ tls: { names: ['localhost'] }, handler });
});
afterAll(() => origin.close());

it('answers over HTTP/2 that end while leash stops are ended for the client, too', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const leash = await startLeash({ workers: 1, env: { LEASH_UPSTREAM_CA: origin.caFile } });
    const ca = await readFile(leash.caFile, 'utf8');
    const to = { name: 'localhost', port: origin.port, proxyPort: leash.proxyPort, ca };
    const sessions: ClientHttp2Session[] = [];
    const answers = Array.from({ length: CONNECTIONS }, async () => {
      const socket = await openTls(to, 'h2');
      const session = connect(`https://localhost:${origin.port}`, {
        createConnection: () => socket,
      });
      session.on('error', () => {});
      sessions.push(session);
      return await wholeAnswer(session);
    });
    await waitFor(() => waiting.length === CONNECTIONS, { what: 'all requests at the origin' });
    leash.signal('SIGTERM');
    await Promise.all(sessions.map((session) => once(session, 'goaway')));
    for (const response of waiting.splice(0)) response.end('data: 2\n\n');
    expect(await Promise.all(answers)).toEqual(
      Array.from({ length: CONNECTIONS }, () => 'data: 1\n\ndata: 2\n\n'),
    );
    expect(await leash.ended).toBe(0);
    await leash.close();
    for (const session of sessions) session.destroy();
  }
});

/** The body where the stream was ended, and not broken off; else what was wrong with it. */
async function wholeAnswer(session: ClientHttp2Session): Promise<string> {
  const stream = session.request({ ':path': '/' });
  let body = '';
  let isEnded = false;
  stream.on('data', (chunk: Buffer) => {
    body += String(chunk);
  });
  stream.on('end', () => {
    isEnded = true;
  });
  const problem = await new Promise<string>((resolve) => {
    stream.once('error', ({ message }) => resolve(message));
    stream.once('close', () => resolve(isEnded && stream.rstCode === 0 ? '' : 'closed'));
  });
  return problem === '' ? body : `${body}(${problem})`;
}
