// WebSocket through the proxy, with a real client and a real server: what goes through, what is on the
// record, what is refused, and how it ends when the policy says so.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { FlowFields } from '../../src/shared/audit-event.ts';
import { ruleFor } from '../support/policy-ask.ts';
import { connectThrough, readUntil } from '../support/raw.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { startWsOrigin, type WsOrigin } from '../support/start-ws-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { messagesIn } from '../support/websocket-bytes.ts';
import {
  close,
  dial,
  echo,
  handshakeHead,
  messagesOf,
  open,
  openTls,
} from '../support/ws-client.ts';

let origin: WsOrigin;
let proxy: TestProxy;

beforeAll(async () => {
  origin = await startWsOrigin();
  proxy = await startProxy({ rootsFile: origin.caFile });
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
});
beforeEach(async () => {
  proxy.setPolicy({});
  await proxy.forget();
  origin.requests.length = 0;
});

const host = () => `127.0.0.1:${origin.port}`;

const messages = (direction: 'client' | 'server') => messagesOf(proxy, direction);

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

describe('a WebSocket to a host that is allowed', () => {
  it('goes through, with each message of both sides on the record before its end', async () => {
    const socket = await open(proxy, origin.port, { headers: { 'X-Of-Mine': '1' } });
    expect((await echo(socket, 'hällo')).toString()).toBe('hällo');
    expect((await echo(socket, Buffer.from([1, 0xff]))).equals(Buffer.from([1, 0xff]))).toBe(true);
    const pong = once(socket, 'pong');
    socket.ping('alive?');
    await pong;
    await close(socket, 1000, 'bye');
    const [exchange] = await proxy.ended(2);
    expect(exchange).toMatchObject({
      event: 'allowed',
      fields: { status: 101, proto: 'ws', method: 'GET', url: `https://${host()}/echo` },
    });
    expect(exchange?.fields).not.toHaveProperty('req_unfinished');
    expect(exchange?.fields.bytes).toBeGreaterThan(0);
    expect(exchange?.fields.req_bytes).toBeGreaterThan(0);
    const said = (fields: FlowFields[]) =>
      messagesIn(fields).map(({ opcode, payload }) => `${opcode} ${payload.toString('latin1')}`);
    const text = Buffer.from('hällo').toString('latin1');
    expect(said(messages('client'))).toEqual([`1 ${text}`, '2 \x01\xff', '9 alive?', '8 bye']);
    expect(said(messages('server'))).toEqual([`1 ${text}`, '2 \x01\xff', '10 alive?', '8 bye']);
    expect(messages('client').at(-1)).toMatchObject({ code: 1000, bytes: 5 });
    const events = proxy.link.records.map(({ event }) => event);
    expect(events.lastIndexOf('websocket')).toBeLessThan(events.indexOf('allowed'));
    const [request] = origin.requests;
    expect(request?.headers).toMatchObject({ 'x-of-mine': '1', upgrade: 'websocket' });
  });

  it('has each of many messages on the record, in order', async () => {
    const socket = await open(proxy, origin.port);
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        socket.send(`${n}`);
        return n;
      }),
    );
    const got = await waitFor(
      () => messages('server').filter(({ opcode }) => opcode === 1).length === answers.length,
      { what: 'all messages', everyMs: 5 },
    );
    expect(got).toBe(true);
    expect(messages('server').map(({ body }) => body)).toEqual(answers.map(String));
    await close(socket);
    await proxy.ended(2);
  });

  it('is read where it is compressed', async () => {
    const socket = await open(proxy, origin.port, { perMessageDeflate: { threshold: 0 } });
    expect(socket.extensions).toContain('permessage-deflate');
    const text = JSON.stringify({ said: 'again and again '.repeat(40) });
    for (let n = 0; n < 3; n += 1) expect((await echo(socket, text)).toString()).toBe(text);
    await close(socket);
    await proxy.ended(2);
    for (const side of ['client', 'server'] as const) {
      const seen = messagesIn(messages(side)).filter(({ opcode }) => opcode === 1);
      expect(seen.map(({ payload }) => payload.toString())).toEqual([text, text, text]);
      expect(seen.map(({ record }) => record.decoded)).toEqual(['deflate', 'deflate', 'deflate']);
      expect(seen.at(-1)?.record.bytes).toBeLessThan(100);
    }
  });

  it('carries messages beyond the limit, with length and hash on the record', async () => {
    const socket = await open(proxy, origin.port, { maxPayload: 64 * 1024 * 1024 });
    const data = randomBytes(3_000_000);
    expect((await echo(socket, data)).equals(data)).toBe(true);
    await close(socket);
    await proxy.ended(2);
    for (const side of ['client', 'server'] as const) {
      const [message] = messagesIn(messages(side));
      expect(message?.payload.equals(data.subarray(0, 1024 * 1024))).toBe(true);
      expect(message?.record).toMatchObject({
        ...{ bytes: data.length, truncated: 'limit', sha256: sha256(data) },
      });
    }
  });

  it('offers the server only compression that can be read', async () => {
    const inner = await openTls(proxy, origin.port);
    const offer = 'x-webkit-deflate-frame, permessage-deflate; foo';
    inner.write(handshakeHead('/echo', host(), `Sec-WebSocket-Extensions: ${offer}`));
    const head = await readUntil(inner, { until: (text) => text.includes('\r\n\r\n') });
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(head).not.toMatch(/extensions/i);
    expect(origin.requests[0]?.headers['sec-websocket-extensions']).toBeUndefined();
    inner.destroy();
    await proxy.ended(2);
  });

  it('says why it ended where a side breaks off', async () => {
    const socket = await open(proxy, origin.port);
    await echo(socket, 'x');
    for (const client of origin.clients) client.terminate();
    await once(socket, 'close');
    const [exchange] = await proxy.ended(2);
    expect(exchange?.event).toMatch(/allowed|error/);
    expect(messages('client').map(({ body }) => body)).toEqual(['x']);
  });
});

describe('a handshake', () => {
  it('to a host that is not allowed is refused, and the origin hears nothing', async () => {
    proxy.setPolicy({ mode: 'enforce', allow: [ruleFor('ok.test')] });
    const { status } = await connectThrough(proxy.port, host());
    expect(status).toBe(403);
    expect(origin.requests).toEqual([]);
  });

  it('to a path that is not allowed is refused', async () => {
    const paths = [{ method: '', prefix: '/other' }];
    proxy.setPolicy({ mode: 'enforce', allow: [ruleFor('127.0.0.1', { private: true, paths })] });
    const socket = await dial(proxy, origin.port);
    const [, answer] = await once(socket, 'unexpected-response');
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['x-leash']).toMatch(/path_not_allowed/);
    socket.terminate();
    const [exchange] = await proxy.ended(1);
    expect(exchange).toMatchObject({ event: 'blocked', fields: { reason: 'path_not_allowed' } });
    expect(origin.requests).toEqual([]);
  });

  it.each([
    ['/403', 403, 'not you'],
    ['/401', 401, 'no'],
    ['/200', 200, 'plain'],
  ])('that the server answers with no 101 gets that answer: %s', async (path, status, body) => {
    const socket = await dial(proxy, origin.port, { path });
    const [, answer] = await once(socket, 'unexpected-response');
    expect(answer.statusCode).toBe(status);
    let text = '';
    for await (const chunk of answer) text += chunk;
    expect(text).toBe(body);
    const [exchange] = await proxy.ended(1);
    expect(exchange).toMatchObject({ event: 'allowed', fields: { status, res_body: body } });
    socket.terminate();
  });

  it.each(['/other-accept', '/no-accept', '/other-protocol', '/other-extension'])(
    'B-09 that the server answers against the rules is cut: %s',
    async (path) => {
      const socket = await dial(proxy, origin.port, { path, perMessageDeflate: true });
      const [, answer] = await once(socket, 'unexpected-response');
      expect(answer.statusCode).toBe(502);
      expect(answer.headers['x-leash']).toMatch(/^error|^blocked/);
      socket.terminate();
      const [exchange] = await proxy.ended(1);
      expect(exchange?.event).toBe('error');
      expect(exchange?.fields.reason).toMatch(/^upstream: /);
      expect(messages('server')).toEqual([]);
      expect(origin.stray()).toBe('');
    },
  );

  it('does not let the client speak before it was answered', async () => {
    const inner = await openTls(proxy, origin.port);
    inner.write(`${handshakeHead('/403', host())}GET /smuggled HTTP/1.1\r\n\r\n`);
    const answer = await readUntil(inner);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    await proxy.ended(2);
    expect(origin.stray()).toBe('');
    expect(origin.requests).toHaveLength(1);
  });
});

describe('a change of the policy', () => {
  it('closes a WebSocket that it denies with 1008, at once, and the server’s side too', async () => {
    const socket = await open(proxy, origin.port);
    await echo(socket, 'before');
    const [served] = origin.clients;
    const both = [once(socket, 'close'), once(served as WebSocket, 'close')];
    const startMs = performance.now();
    proxy.setPolicy({ mode: 'enforce', allow: [] });
    const [[code], [servedCode]] = (await Promise.all(both)) as [[number], [number]];
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect([code, servedCode]).toEqual([1008, 1008]);
    const records = await proxy.ended(2);
    expect(records).toMatchObject([
      { event: 'revoked', fields: { reason: 'not_in_allowlist', status: 101, proto: 'ws' } },
      { event: 'revoked', fields: { method: 'CONNECT' } },
    ]);
    expect(messages('client').map(({ body }) => body)).toEqual(['before']);
    expect(proxy.deps.live.size).toBe(0);
  });

  it('lets a WebSocket go on that it allows', async () => {
    const socket = await open(proxy, origin.port);
    proxy.setPolicy({ mode: 'enforce', allow: [ruleFor('127.0.0.1', { private: true })] });
    expect((await echo(socket, 'after')).toString()).toBe('after');
    await close(socket);
    await proxy.ended(2);
  });
});
