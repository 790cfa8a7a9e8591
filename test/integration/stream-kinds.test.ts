// Answers that come piece by piece, of every kind that agents read: each piece is with the client before
// the origin gives the next, and all of them are on the record.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectThrough, readUntil } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

/** The pieces of each kind, and its content type. */
const KINDS: Readonly<Record<string, readonly [type: string, ...pieces: string[]]>> = {
  ndjson: ['application/x-ndjson', '{"n":1}\n', '{"n":2}\n', '{"n":3}\n'],
  sse: ['text/event-stream', 'data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n'],
  chunked: ['text/plain', 'one ', 'two ', 'three'],
};

let origin: Origin;
let proxy: TestProxy;
/** Lets the origin give the next piece. */
let next = () => {};
let isAsked = false;

beforeAll(async () => {
  origin = await startOrigin({
    handler: (request, response) => {
      const [type = '', ...pieces] = KINDS[request.url?.slice(1) ?? ''] ?? ['text/plain', 'news'];
      const isPoll = request.url === '/poll';
      response.setHeader('content-type', type);
      next = () => {
        const piece = pieces.shift();
        if (piece !== undefined) response.write(piece);
        if (pieces.length === 0) response.end();
      };
      isAsked = true;
      if (!isPoll) next();
    },
  });
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});
beforeEach(async () => {
  isAsked = false;
  await proxy.forget();
});

async function ask(path: string) {
  const { socket } = await connectThrough(proxy.port, `localhost:${origin.port}`);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${origin.port}\r\n\r\n`);
  return socket;
}

describe('an answer in pieces', () => {
  it.each(Object.entries(KINDS))('%s comes piece by piece', async (kind, [, ...pieces]) => {
    const socket = await ask(`/${kind}`);
    for (const [n, piece] of pieces.entries()) {
      const seen = await readUntil(socket, { until: (text) => text.includes(piece) });
      const later = pieces[n + 1];
      if (later !== undefined) expect(seen).not.toContain(later);
      next();
    }
    const [record] = await proxy.ended(1);
    expect(record).toMatchObject({
      event: 'allowed',
      fields: { res_body: pieces.join(''), bytes: pieces.join('').length },
    });
    socket.destroy();
  });

  it('a long poll stays open until there is news', async () => {
    const socket = await ask('/poll');
    await expect.poll(() => isAsked).toBe(true);
    expect(proxy.link.records.filter(({ event }) => event === 'allowed')).toEqual([]);
    next();
    const answer = await readUntil(socket, { until: (text) => text.includes('news') });
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const [record] = await proxy.ended(1);
    expect(record).toMatchObject({ event: 'allowed', fields: { res_body: 'news' } });
    socket.destroy();
  });
});
