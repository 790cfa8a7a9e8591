// Requests whose framing two parsers could read in two ways, against an origin with a parser of its
// own: what it saw is what the record says was forwarded, and never a request inside another one.

import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHUNK_BODIES } from '../support/framing-chunks.ts';
import { type Answer, isFromLeash, talk } from '../support/framing-client.ts';
import {
  CODINGS_BY_LENGTHS,
  LENGTHS_BY_CODINGS,
  LINE_ENDINGS,
  type Mutation,
  ON_HTTP_1_0,
  renderMutation,
} from '../support/framing-mutations.ts';
import { type FramingOrigin, startFramingOrigin } from '../support/framing-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

let origin: FramingOrigin;
let proxy: TestProxy;
let controls: number;

beforeEach(async () => {
  origin = await startFramingOrigin();
  proxy = await startProxy({ env: { LEASH_CLIENT_MINTS_S: '10000' } });
  controls = 0;
});
afterEach(async () => {
  await proxy.close();
  await origin.close();
});

const host = () => `127.0.0.1:${origin.port}`;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const TABLES = {
  'codings by lengths': CODINGS_BY_LENGTHS,
  'lengths by codings': LENGTHS_BY_CODINGS,
  'HTTP/1.0': ON_HTTP_1_0,
  'line endings': LINE_ENDINGS,
  chunks: CHUNK_BODIES,
};
const ROUTES = ['absolute', 'tunnel'] as const;
/** Node frames a body by its own rules, which differ for these two. */
const SENT = ROUTES.flatMap((route) => ['POST', 'GET'].map((method) => [route, method] as const));

type Result = {
  readonly what: string;
  readonly path: string;
  readonly answer: Answer;
  readonly intents: number;
  /** Terminal records but those of tunnels that were served. */
  readonly records: TestProxy['link']['records'];
};

describe('I-01 framing of requests', () => {
  it('I-01 at least 700 different combinations are sent, each four times', () => {
    const all = Object.values(TABLES).flat();
    const shape = { method: 'POST', host: 'h', path: '/', absolute: true };
    const texts = new Set(all.map((mutation) => renderMutation(mutation, shape) + mutation.end));
    expect(texts.size).toBeGreaterThanOrEqual(1000);
  });

  for (const [table, mutations] of Object.entries(TABLES)) {
    it.each(SENT)(
      `I-01 ${table}, %s, %s: the origin saw what is on the record`,
      async (route, method) => {
        const results: Result[] = [];
        for (const [n, mutation] of mutations.entries()) {
          results.push(await send(mutation, { route, method, path: `/c${n}` }));
          if (n % 25 === 0) await serveNext();
        }
        await serveNext();
        // Nothing more can reach the origin from here on.
        await proxy.close();
        await origin.settled();
        expect(results.flatMap(disagreements)).toEqual([]);
        expect(origin.problems).toEqual([]);
        const forwarded = results.reduce((sum, { path }) => sum + seen(path).length, controls);
        expect(origin.requests.map(({ host: name }) => name)).toEqual(
          Array.from({ length: forwarded }, host),
        );
      },
    );
  }
});

describe('I-01 a message that is refused for its framing', () => {
  it.each(ROUTES)(
    'I-01 is the last one of its connection, %s: what stands behind it is not served',
    async (route) => {
      const absolute = route === 'absolute';
      const lines = (path: string) => [`POST ${path} HTTP/1.1`, `Host: ${host()}`];
      const refused = [...lines('/refused'), 'Transfer-Encoding: x, chunked', '', '0', '', ''];
      const behind = [...lines('/behind'), 'Content-Length: 0', '', ''];
      const text = refused.join('\r\n') + behind.join('\r\n');
      const bytes = absolute ? text.replaceAll(' /', ` http://${host()}/`) : text;
      const tunnel = absolute ? {} : { tunnel: host() };
      const answer = await talk({ proxyPort: proxy.port, bytes, ...tunnel });
      expect(answer).toMatchObject({ status: 400, rest: '' });
      await proxy.close();
      expect(origin.requests).toEqual([]);
      const records = proxy.link.records.filter(({ event }) => event !== 'connect_closed');
      expect(records.map(({ event, fields }) => [event, fields.reason])).toEqual([
        ['blocked', 'malformed: transfer_encoding'],
      ]);
    },
  );
});

/** Whatever was sent, the worker serves the next client. */
async function serveNext(): Promise<void> {
  controls += 1;
  const bytes = `GET http://${host()}/control HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
  const answer = await talk({ proxyPort: proxy.port, bytes, from: '127.0.0.2' });
  expect(answer).toMatchObject({ status: 200, body: '/control', rest: '' });
}

type Sent = { readonly route: string; readonly method: string; readonly path: string };

async function send(mutation: Mutation, { route, method, path }: Sent): Promise<Result> {
  const { link, port: proxyPort } = proxy;
  link.records.length = 0;
  link.opened.length = 0;
  const absolute = route === 'absolute';
  const what = `${path} ${mutation.name}`;
  const answer = await talk({
    proxyPort,
    bytes: renderMutation(mutation, { method, host: host(), path, absolute }),
    ...(absolute ? {} : { tunnel: host() }),
    method,
    end: mutation.end ?? false,
  }).catch((error: Error) => {
    throw new Error(`${what}: ${error.message}`);
  });
  const ended = () => new Set(link.records.map(({ flow }) => flow));
  await waitFor(
    () => link.records.length > 0 && link.opened.every(({ flow }) => ended().has(flow)),
    { what: `the end of ${what}`, everyMs: 1 },
  );
  return {
    what,
    path,
    answer,
    intents: link.opened.filter(({ event }) => event === 'intent').length,
    records: link.records.filter(({ event }) => event !== 'connect_closed'),
  };
}

function seen(path: string) {
  return origin.requests.filter(({ target }) => target === path);
}

/** What is wrong with one combination, in words; none where origin, record and client agree. */
function disagreements({ what, path, answer, intents, records }: Result): string[] {
  const requests = seen(path);
  const of = (event: string) => records.filter((record) => record.event === event);
  const [allowed, failed, blocked] = [of('allowed'), of('error'), of('blocked')];
  const wrong: string[] = [];
  const check = (holds: boolean, words: string) => {
    if (!holds) wrong.push(`${what}: ${words} (${JSON.stringify(answer.text.slice(0, 80))})`);
  };
  check(intents <= 1, `${intents} intents`);
  check(requests.length <= 1, `${requests.length} requests at the origin`);
  check(requests.length <= intents, 'a request without an intent');
  check(allowed.length + failed.length === intents, 'an intent without its outcome');
  check(allowed.length + failed.length + blocked.length === records.length, 'another record');
  check(new Set(records.map(({ flow }) => flow)).size === records.length, 'two records of a flow');
  check(blocked.length === 1 || intents === 1, `${blocked.length} refusals recorded`);
  if (intents === 0) {
    check(answer.text === '' || isFromLeash(answer), 'an answer that is none of leash');
    check([0, 400, 421, 431].includes(answer.status), `refused with ${answer.status}`);
  }
  if (allowed.length === 0) return wrong;
  const [request, record] = [requests[0], allowed[0]];
  check(request?.complete === true, 'allowed, but not whole at the origin');
  check(answer.body === path, 'not its own answer');
  check(answer.rest === '' || answer.rest.startsWith('HTTP/1.1 4'), 'a second answer');
  check(record?.fields.req_bytes === request?.body.length, 'other lengths');
  check(record?.fields.url?.endsWith(path) === true, 'another URL');
  check(record?.fields.method === request?.method, 'another method');
  const hash = record?.fields.req_sha256 ?? sha256(Buffer.alloc(0));
  check(request !== undefined && hash === sha256(request.body), 'another body');
  return wrong;
}
