// Exchanges that take their time or end early: streams, abandoned uploads, upstreams that die.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let plain: Origin;
let proxy: TestProxy;

beforeAll(async () => {
  plain = await startOrigin();
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy.close();
  await plain.close();
});
beforeEach(async () => {
  await proxy.forget();
  plain.requests.length = 0;
});

const curl = (...args: string[]) => proxy.curl(...args);

describe('streams and aborts', () => {
  it('records an upload that the client abandons, with the bytes that went out', async () => {
    const { socket } = await connectThrough(proxy.port, `localhost:${plain.port}`);
    socket.write(
      `POST /upload HTTP/1.1\r\nHost: localhost:${plain.port}\r\nContent-Length: 1000\r\n\r\n`,
    );
    socket.write('half of it');
    await expect.poll(() => plain.requests[0]?.bytes).toBe(10);
    socket.destroy();
    const [outcome] = await proxy.ended(2);
    expect(outcome).toMatchObject({
      event: 'error',
      fields: {
        reason: 'client: closed before the request ended',
        req_bytes: 10,
        req_body: 'half of it',
      },
    });
    expect(plain.requests[0]?.complete).toBe(false);
  });

  it('ends each of several requests of a connection that is given up, with a record', async () => {
    const socket = await openSocket(proxy.port);
    const host = `127.0.0.1:${plain.port}`;
    const get = (path: string) => `GET http://${host}${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    socket.write(get('/sse?n=100&every=100') + get('/echo?n=2') + get('/echo?n=3'));
    await expect.poll(() => proxy.link.opened.length).toBe(3);
    socket.destroy();
    const records = await proxy.ended(3);
    expect(records.map(({ event }) => event)).toEqual(['error', 'error', 'error']);
    for (const { fields } of records) expect(fields.reason).toMatch(/^client: closed before/);
  });

  it.each<[string, 'GET' | 'CONNECT' | 'Expect', number, string]>([
    ['16 others that still run', 'GET', 429, 'client_pipelining'],
    ['one that still runs', 'CONNECT', 400, 'malformed: connect_after_request'],
    ['one that still runs', 'Expect', 417, 'malformed: expect'],
  ])(
    'closes a connection that sends a request behind %s',
    async (_name, method, status, reason) => {
      const socket = await openSocket(proxy.port);
      const host = `127.0.0.1:${plain.port}`;
      const head = (start: string) => `${start} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      const slow = head(`GET http://${host}/sse?n=100&every=100`);
      const behind = {
        GET: slow.repeat(19),
        CONNECT: head(`CONNECT ${host}`),
        Expect: slow.replace('\r\n\r\n', '\r\nExpect: tea\r\n\r\n'),
      };
      socket.write(slow + behind[method]);
      await readUntil(socket);
      const count = method === 'GET' ? 17 : 2;
      const records = await proxy.ended(count);
      expect(records).toHaveLength(count);
      const blocked = records.filter(({ event }) => event === 'blocked');
      expect(blocked).toMatchObject([{ fields: { status, reason } }]);
    },
  );

  it('breaks the client off when the upstream dies in the middle of a body', async () => {
    const result = await curl(`http://localhost:${plain.port}/die-mid-body`);
    expect(result.code).toBe(18);
    const [outcome] = await proxy.ended(1);
    expect(outcome).toMatchObject({
      event: 'error',
      fields: { status: 200, bytes: 10, res_body: 'half of it' },
    });
    expect(outcome?.fields.reason).toMatch(/^upstream: /);
  });

  it('holds no event of a stream back', async () => {
    const { socket } = await connectThrough(proxy.port, `localhost:${plain.port}`);
    socket.write(`GET /sse?n=3&every=200 HTTP/1.1\r\nHost: localhost:${plain.port}\r\n\r\n`);
    const first = await readUntil(socket, { until: (text) => text.includes('"n":1') });
    expect(first).not.toContain('"n":2');
    await readUntil(socket, { until: (text) => text.includes('"n":3') });
    socket.destroy();
  });

  it('hands the head of an upload on before its body begins', async () => {
    const { socket } = await connectThrough(proxy.port, `localhost:${plain.port}`);
    const head = `POST /upload HTTP/1.1\r\nHost: localhost:${plain.port}\r\n`;
    socket.write(`${head}Content-Length: 2\r\n\r\n`);
    await expect.poll(() => plain.requests.length).toBe(1);
    socket.write('ok');
    const answer = await readUntil(socket, { until: (text) => text.includes('"bytes":2') });
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('lets a client go on that uploads after its answer', async () => {
    const early = await startOrigin({
      handler: (_request, response) => {
        response.writeHead(413, { 'content-length': 3 });
        response.end('big');
      },
    });
    try {
      const { socket } = await connectThrough(proxy.port, `localhost:${early.port}`);
      socket.write(
        `POST / HTTP/1.1\r\nHost: localhost:${early.port}\r\nContent-Length: 100\r\n\r\nhalf`,
      );
      const answer = await readUntil(socket, { until: (text) => text.endsWith('big') });
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      const outcome = () => proxy.link.records.find(({ event }) => event === 'allowed');
      await expect.poll(outcome).toMatchObject({ fields: { status: 413 } });
      socket.destroy();
    } finally {
      await early.close();
    }
  });

  it.each([
    ['GET', 3, [undefined, 2]],
    ['DELETE', 2, [undefined, undefined]],
  ])(
    'tries a %s that met a closed connection: sent %i times, and the record says so',
    async (method, sent, attempts) => {
      let served = 0;
      const flaky = await startOrigin({
        handler: (request, response) => {
          served += 1;
          // The second request on a connection finds it closed, as after a server's idle time.
          if (served === 2) request.socket.resetAndDestroy();
          else response.end('ok');
        },
      });
      try {
        const url = `http://localhost:${flaky.port}/`;
        await curl('-X', method, url, url);
        expect(served).toBe(sent);
        const own = () => proxy.link.records.filter(({ fields }) => fields.port === flaky.port);
        await expect.poll(() => own().map(({ fields }) => fields.attempts)).toEqual(attempts);
      } finally {
        await flaky.close();
      }
    },
  );
});
