// An upstream of HTTP/2 that says GOAWAY while requests are under way: what it has processed ends as it
// would, what it has not is sent once more where nothing of it is lost, and the record says which.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { END_HEADERS, END_STREAM, FRAME, frame, goaway } from '../support/http2-frames.ts';
import {
  type RawHttp2Connection,
  type RawHttp2Origin,
  startRawHttp2Origin,
} from '../support/raw-http2-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

const ENHANCE_YOUR_CALM = 11;
const OK = [[':status', '200']] as const;
let origin: RawHttp2Origin;
let proxy: TestProxy;

beforeEach(async () => {
  origin = await startRawHttp2Origin();
  proxy = await startProxy({ rootsFile: origin.caFile });
});
afterEach(async () => {
  await proxy.close();
  await origin.close();
});

const data = (stream: number, text: string, flags = 0) =>
  frame(FRAME.data, flags, stream, Buffer.from(text));
const ask = async (path: string, ...args: string[]) => {
  const url = `https://localhost:${origin.port}${path}`;
  const { stdout } = await proxy.curl('-w', ' %{http_code}', ...args, url);
  return stdout;
};

/**
 * Four requests at once on one connection: the first has the head of its answer, the second nothing; the
 * upstream says that it has processed these two.
 */
async function underWay(code: number): Promise<{
  readonly first: RawHttp2Connection;
  readonly answers: Promise<Record<'begun' | 'waiting' | 'get' | 'upload', string>>;
}> {
  const names = ['begun', 'waiting', 'get', 'upload'] as const;
  const asked: Promise<[string, string]>[] = [];
  origin.onHead = (connection, stream) => {
    if (connection !== origin.connections[0]) {
      connection.answer(stream, OK);
      connection.socket.write(data(stream, 'again', END_STREAM));
    } else if (stream === 1) connection.answer(stream, OK);
  };
  const first = () => origin.connections[0];
  const heads = () => first()?.frames.filter(({ type }) => type === FRAME.headers).length ?? 0;
  for (const [at, name] of names.entries()) {
    const args = name === 'upload' ? ['--data', 'x'] : [];
    asked.push(ask(`/${name}`, ...args).then((answer) => [name, answer]));
    // In this order.
    await waitFor(() => heads() > at, { what: `the request for ${name}`, everyMs: 5 });
  }
  const connection = await waitFor(first, { what: 'a connection' });
  connection.socket.write(goaway(3, code));
  return {
    first: connection,
    answers: Promise.all(asked).then((all) => Object.fromEntries(all) as never),
  };
}

/** The record of each request, by its path. */
async function records() {
  await proxy.ended(8);
  const paths = new Map(
    proxy.link.opened.map(({ flow, identity }) => [flow, identity.url?.split('/')[3]]),
  );
  const ended = proxy.link.records.filter(({ flow }) => paths.get(flow) !== undefined);
  return Object.fromEntries(
    ended.map(({ event, flow, fields }) => [paths.get(flow), { event, ...fields }]),
  );
}

it('without an error: what was processed ends well, what was not is sent again if it had no body', async () => {
  const { first, answers } = await underWay(0);
  await waitFor(() => origin.connections.length === 2, { what: 'the request that is sent again' });
  first.socket.write(data(1, 'late', END_STREAM));
  first.answer(3, OK, END_HEADERS | END_STREAM);
  expect(await answers).toEqual({
    begun: 'late 200',
    waiting: ' 200',
    get: 'again 200',
    upload: expect.stringMatching(/upstream: reset refused_stream[\s\S]* 502$/),
  });
  expect(origin.connections).toHaveLength(2);
  expect(await records()).toMatchObject({
    begun: { event: 'allowed', status: 200, bytes: 4 },
    waiting: { event: 'allowed', status: 200 },
    get: { event: 'allowed', status: 200, attempts: 2 },
    upload: { event: 'error', status: 502, reason: 'upstream: reset refused_stream' },
  });
});

it('with an error: only what was not processed is sent again, and the record names the error', async () => {
  const { answers } = await underWay(ENHANCE_YOUR_CALM);
  const failed = expect.stringMatching(/upstream: goaway enhance_your_calm[\s\S]* 502$/);
  expect(await answers).toEqual({
    begun: ' 200',
    waiting: failed,
    get: 'again 200',
    upload: failed,
  });
  const reason = 'upstream: goaway enhance_your_calm';
  expect(await records()).toMatchObject({
    begun: { event: 'error', status: 200, bytes: 0, reason },
    waiting: { event: 'error', status: 502, reason },
    get: { event: 'allowed', status: 200, attempts: 2 },
    upload: { event: 'error', status: 502, reason },
  });
});
