// `X-Agent-Source` for the host of LEASH_IDENTITY_HOST: what a client writes there itself does not reach
// it, in a head or in trailers, in no spelling, over each version of HTTP to each.

import { once } from 'node:events';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  headerBlock,
  openRawHttp2,
} from '../support/http2-frames.ts';
import { connectThrough } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeTestCa } from '../support/test-ca.ts';

const dir = await tempDir();
const origins: Partial<Record<'h1' | 'h2', Origin>> = {};
let proxy: TestProxy;
/** Of the one request. */
let trailers: string[];

beforeAll(async () => {
  const ca = await makeTestCa(dir.path);
  for (const proto of ['h1', 'h2'] as const) {
    origins[proto] = await startOrigin({
      tls: { names: ['localhost'], ca, http2: proto === 'h2' },
      handler(request, response) {
        request.resume();
        request.once('end', () => {
          trailers = request.rawTrailers;
          response.end('read');
        });
      },
    });
  }
  proxy = await startProxy({ rootsFile: ca.caFile, env: { LEASH_IDENTITY_HOST: 'localhost' } });
});
afterAll(async () => {
  await proxy.close();
  for (const origin of Object.values(origins)) await origin.close();
  await dir.close();
});
beforeEach(async () => {
  trailers = [];
  await proxy.forget();
});

/** A server that knows CGI takes these for one; and one that nobody minds. */
const SPELLINGS = [
  ...['x-agent-source', 'X-Agent-Source', 'X_AGENT_SOURCE', 'x-agent_source', 'x.agent.source'],
  'x-fine',
];

async function overHttp1(authority: string): Promise<TLSSocket> {
  const { socket: outer } = await connectThrough(proxy.port, authority);
  const socket = tlsConnect({ socket: outer, servername: 'localhost', ca: proxy.caPem });
  await once(socket, 'secureConnect');
  const fields = SPELLINGS.map((name) => `${name}: forged\r\n`).join('');
  const head = `POST / HTTP/1.1\r\nHost: ${authority}\r\nTransfer-Encoding: chunked\r\n${fields}\r\n`;
  socket.write(`${head}4\r\nbody\r\n0\r\n${fields}\r\n`);
  return socket;
}

async function overHttp2(authority: string): Promise<TLSSocket> {
  const { socket } = await openRawHttp2(proxy.port, authority, proxy.caPem);
  const fields = SPELLINGS.map((name) => [name.toLowerCase(), 'forged'] as const);
  const pseudo = { ':method': 'POST', ':scheme': 'https', ':path': '/', ':authority': authority };
  const head = headerBlock([...Object.entries(pseudo), ...fields]);
  socket.write(frame(FRAME.headers, END_HEADERS, 1, head));
  socket.write(frame(FRAME.data, 0, 1, Buffer.from('body')));
  socket.write(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, headerBlock(fields)));
  return socket;
}

describe.each(['h1', 'h2'] as const)('from %s', (from) => {
  it.each(['h1', 'h2'] as const)('to %s', async (to) => {
    const origin = origins[to];
    const client = await (from === 'h1' ? overHttp1 : overHttp2)(`localhost:${origin?.port}`);
    const allowed = () => proxy.link.records.find(({ event }) => event === 'allowed');
    await expect.poll(allowed).toMatchObject({ fields: { proto: from, req_bytes: 4 } });
    client.destroy();
    const [request] = origin?.requests.splice(0) ?? [];
    expect(pairs(request?.rawHeaders, /agent.source|fine/i)).toEqual([
      ['x-fine', 'forged'],
      [expect.stringMatching(/^x-agent-source$/i), '127.0.0.1'],
    ]);
    expect(pairs(trailers, /./)).toEqual([['x-fine', 'forged']]);
    // The record has it as it was received.
    expect(allowed()?.fields.req_trailers).toHaveLength(SPELLINGS.length);
  });
});

/** Those of a list of names and values whose name matches. */
function pairs(list: readonly string[] = [], wanted: RegExp): (string | undefined)[][] {
  const all = list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]]] : []));
  return all.filter(([name = '']) => wanted.test(name));
}
