// Tunnels that the operator listed in network.yaml are relayed unseen, and the record says so.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../support/free-port.ts';
import { networkOf, ruleFor } from '../support/policy-ask.ts';
import { connectThrough, openSocket, readUntil } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

let secure: Origin;
let banner: Server;
let bannerSockets: Set<Socket>;
let proxy: TestProxy;
const port = () => portOf(banner.address());
const opaque = () => `127.0.0.1:${port()}`;

/** Lists both, beside what else the policy says. */
function listed(more: Parameters<TestProxy['setPolicy']>[0] = {}): void {
  const allowPrivate = ['127.0.0.0/8'];
  const network = networkOf({ allowPrivate, passthrough: ['localhost'], opaque: [opaque()] });
  proxy.setPolicy({ network, ...more });
}

beforeAll(async () => {
  secure = await startOrigin({ tls: { names: ['localhost'] } });
  bannerSockets = new Set();
  // As an ssh server does: it speaks first, then echoes.
  banner = createServer({ allowHalfOpen: true }, (socket) => {
    bannerSockets.add(socket);
    socket.on('error', () => {});
    socket.write('SSH-2.0-test\r\n');
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('end', () => socket.end('bye'));
  });
  banner.listen(0, '127.0.0.1');
  await once(banner, 'listening');
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy.close();
  await secure.close();
  for (const socket of bannerSockets) socket.destroy();
  banner.close();
});
beforeEach(async () => {
  await proxy.forget();
  listed();
});

describe('an opaque tunnel', () => {
  it('is relayed from the first byte on, both ways and to both ends, and counted', async () => {
    // Invariant: bytes that leash did not decode are counted and marked `uninspected`.
    const { socket, status } = await connectThrough(proxy.port, opaque());
    expect(status).toBe(200);
    socket.write('hello');
    await readUntil(socket, { until: (text) => text === 'SSH-2.0-test\r\nhello' });
    socket.end('!');
    expect(await readUntil(socket)).toBe('!bye');
    expect(await proxy.ended(1)).toMatchObject([
      {
        event: 'uninspected',
        fields: {
          req_bytes: 6,
          bytes: 23,
          upstream_ip: '127.0.0.1',
          host: '127.0.0.1',
          port: port(),
        },
      },
    ]);
    expect(proxy.link.opened).toMatchObject([{ event: 'connect_allowed' }]);
  });

  it('takes bytes that came with the CONNECT', async () => {
    const socket = await openSocket(proxy.port);
    socket.write(`CONNECT ${opaque()} HTTP/1.1\r\nHost: ${opaque()}\r\n\r\nearly`);
    await readUntil(socket, { until: (text) => text.endsWith('early') });
    socket.destroy();
    expect(await proxy.ended(1)).toMatchObject([
      { event: 'uninspected', fields: { req_bytes: 5 } },
    ]);
  });

  it('is refused before its 200 where the address is closed, or nobody answers', async () => {
    listed({
      network: networkOf({ opaque: [opaque(), '127.0.0.1:9'], allowPrivate: ['127.0.0.1/32:9'] }),
    });
    const closed = await connectThrough(proxy.port, opaque());
    expect(closed.head).toMatch(/^HTTP\/1\.1 403 [\s\S]*reason=address_not_allowed/);
    const dead = await connectThrough(proxy.port, '127.0.0.1:9');
    expect(dead.head).toMatch(
      /^HTTP\/1\.1 502 [\s\S]*x-leash: error; reason=connect: ECONNREFUSED/,
    );
    expect(await proxy.ended(2)).toMatchObject([
      { event: 'blocked', fields: { stage: 'connect', reason: 'address_not_allowed' } },
      { event: 'error', fields: { reason: 'connect: ECONNREFUSED' } },
    ]);
  });

  it.each([
    ['enforce', 'allow', 'path_not_allowed'],
    ['blocklist', 'block', 'in_blocklist'],
  ] as const)(
    'is not opened in %s by an entry with paths, which nobody could check',
    async (mode, list, reason) => {
      listed({
        mode,
        [list]: [ruleFor('127.0.0.1', { paths: [{ method: 'GET', prefix: '/a' }] })],
      });
      const { head } = await connectThrough(proxy.port, opaque());
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 403 [\\s\\S]*reason=${reason}`));
    },
  );

  it.each([
    ['the host is denied', () => listed({ mode: 'enforce' }), 'not_in_allowlist'],
    ['it is not listed any more', () => proxy.setPolicy({}), 'inspection_required'],
    [
      'its address is denied',
      () => listed({ network: networkOf({ opaque: [opaque()] }) }),
      'address_not_allowed',
    ],
  ])('ends with `revoked` when %s', async (_what, change, reason) => {
    const { socket } = await connectThrough(proxy.port, opaque());
    await readUntil(socket, { until: (text) => text.includes('SSH') });
    change();
    await readUntil(socket);
    expect(await proxy.ended(1)).toMatchObject([{ event: 'revoked', fields: { reason } }]);
  });
});

describe('a passthrough tunnel', () => {
  const target = () => `localhost:${secure.port}`;

  it("has the server's own certificate, and no request of it is seen", async () => {
    const url = `https://${target()}/echo`;
    const { code, stdout } = await proxy.curl('--cacert', secure.caFile, url);
    expect({ code, url: JSON.parse(stdout).url }).toEqual({ code: 0, url: '/echo' });
    const records = await proxy.ended(1);
    expect(records).toMatchObject([{ event: 'uninspected', fields: { sni: 'localhost' } }]);
    expect(records[0]?.fields.bytes).toBeGreaterThan(500);
  });

  it('is closed where the SNI names another host, and nothing reaches the server', async () => {
    const before = secure.connections();
    const { socket } = await connectThrough(proxy.port, target());
    const tls = tlsConnect({ socket, servername: 'other.test', rejectUnauthorized: false });
    tls.on('error', () => {});
    await new Promise((resolve) => tls.once('close', resolve));
    expect(await proxy.ended(1)).toMatchObject([
      { event: 'blocked', fields: { reason: 'sni_mismatch', sni: 'other.test' } },
    ]);
    expect(secure.connections()).toBe(before);
  });

  it('that speaks no TLS is inspected as any other', async () => {
    const { socket } = await connectThrough(proxy.port, target());
    socket.write('SSH-2.0-x\r\n');
    await readUntil(socket);
    const [record] = await proxy.ended(1);
    expect(record?.fields.reason).toMatch(/^unknown_protocol/);
  });
});
