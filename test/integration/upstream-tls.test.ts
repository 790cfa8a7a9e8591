// Upstreams whose TLS is not what it should be: none of them is sent a byte of the request, and the
// client and the record are told why.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BadTls, makeBadTls } from '../support/bad-tls.ts';
import { portOf } from '../support/free-port.ts';
import { type Dns, startDns } from '../support/start-dns.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

let dir: TempDir;
let dns: Dns;
let bad: BadTls;
let proxy: TestProxy;

beforeAll(async () => {
  dir = await tempDir();
  dns = await startDns({
    'good.test': ['127.0.0.1'],
    'other.test': ['127.0.0.1'],
    'wild.test': ['127.0.0.1'],
    '*.wild.test': ['127.0.0.1'],
    'a.b.wild.test': ['127.0.0.1'],
    'in.allowed.test': ['127.0.0.1'],
  });
  bad = await makeBadTls(dir.path);
  proxy = await startProxy({ rootsFile: bad.rootFile, env: { LEASH_DNS: dns.address } });
});
afterAll(async () => {
  await proxy.close();
  await dns.close();
  await dir.close();
});
beforeEach(() => proxy.forget());

type Upstream = {
  readonly port: number;
  connections: number;
  /** What was sent inside TLS. */
  received: string;
  close(): Promise<void>;
};

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function startTls(kind: string, options: TlsOptions = {}): Promise<Upstream> {
  const weak = { ciphers: 'DEFAULT:@SECLEVEL=0', ...options };
  return listen((upstream) => {
    const server = createTlsServer({ ...bad.chains[kind], ...weak }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        upstream.received += chunk.toString('latin1');
        if (upstream.received.endsWith('secret')) socket.write(ANSWER);
      });
    });
    return server.on('tlsClientError', () => {});
  });
}

function startPlain(serve: (socket: Socket) => void): Promise<Upstream> {
  return listen(() => createServer(serve));
}

async function listen(create: (upstream: Upstream) => Server): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const upstream = { port: 0, connections: 0, received: '', close };
  const server = create(upstream);
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    sockets.add(socket);
    upstream.connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  upstream.port = portOf(server.address());
  async function close(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  return upstream;
}

/** Uploads a secret, by way of `proxy`, to this name; gives the answer and the record of the request. */
async function upload({ port }: Upstream, host = 'good.test') {
  const { stdout } = await proxy.curl('-i', '-d', 'secret', `https://${host}:${port}/path`);
  const records = await proxy.ended(2);
  return { stdout, record: records.find(({ fields }) => fields.method === 'POST') };
}

async function expectRefused(upstream: Upstream, reason: RegExp, host?: string): Promise<void> {
  const { stdout, record } = await upload(upstream, host);
  await upstream.close();
  expect(stdout).toMatch(/\r\n\r\nHTTP\/1\.1 50[24] [\s\S]*x-leash: error; reason=tls_server: /);
  expect(record).toMatchObject({ event: 'error', fields: { status: expect.any(Number) } });
  expect(record?.fields.reason).toMatch(/^tls_server: /);
  expect(record?.fields.reason).toMatch(reason);
  expect(record?.fields.upstream_ip).toBeUndefined();
  expect(record?.fields.req_bytes).toBeUndefined();
  expect(upstream.connections).toBe(1);
  expect(upstream.received).toBe('');
}

const CERTIFICATES: [kind: string, reason: RegExp, host?: string][] = [
  ['expired', /CERT_HAS_EXPIRED/],
  ['not yet valid', /CERT_NOT_YET_VALID/],
  ['wrong host', /ALTNAME_INVALID/],
  ['self-signed', /SELF_SIGNED/],
  ['untrusted root', /UNABLE_TO/],
  ['name in the subject only', /ALTNAME_INVALID/],
  ['name in the subject, others in SAN', /ALTNAME_INVALID/],
  ['wildcard one level too deep', /ALTNAME_INVALID/, 'a.b.wild.test'],
  ['wildcard for its own parent', /ALTNAME_INVALID/, 'wild.test'],
  ['wildcard of everything', /ALTNAME_INVALID/],
  ['name that ends like it', /ALTNAME_INVALID/],
  ['another address', /ALTNAME_INVALID/, '127.0.0.1'],
  ['address as a name', /ALTNAME_INVALID/, '127.0.0.1'],
  ['missing intermediate', /UNABLE_TO/],
  ['intermediate that is no CA', /INVALID_CA|INVALID_PURPOSE/],
  ['intermediate that may not sign', /certificate signing/],
  ['expired intermediate', /CERT_HAS_EXPIRED/],
  ['path too long', /PATH_LENGTH/],
  ['name constraint violated', /permitted subtree/],
  ['for clients only', /INVALID_PURPOSE|unsuitable|unsupported/],
  ['for code only', /INVALID_PURPOSE|unsuitable|unsupported/],
  ['unknown critical extension', /critical extension/],
  ['RSA of 1024 bits', /too (weak|small)/],
  ['signed with SHA-1', /too weak/],
];

const HANDSHAKES: readonly (readonly [kind: string, options: TlsOptions])[] = [
  ['TLS 1.0 only', { minVersion: 'TLSv1', maxVersion: 'TLSv1' }],
  ['TLS 1.1 only', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }],
  ['no authentication', { ciphers: 'aNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' }],
  ['no encryption', { ciphers: 'eNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' }],
];

const STRANGERS: readonly (readonly [kind: string, serve: (socket: Socket) => void])[] = [
  ['speaks plain HTTP', (socket) => socket.once('data', () => socket.write(ANSWER))],
  ['hangs up at once', (socket) => socket.destroy()],
  ['hangs up after the ClientHello', (socket) => socket.once('data', () => socket.destroy())],
  ['ends after the ClientHello', (socket) => socket.once('data', () => socket.end())],
  ['sends half a record', (socket) => socket.once('data', () => socket.end('\x16\x03\x03\x00'))],
  [
    'sends an alert',
    (socket) => socket.once('data', () => socket.end('\x15\x03\x03\0\x02\x02\x28')),
  ],
];

describe('I-05 an upstream with bad TLS gets no byte of the request', () => {
  it.each(CERTIFICATES)('I-05 its certificate: %s', async (kind, reason, host) => {
    await expectRefused(await startTls(kind), reason, host);
  });

  it.each(HANDSHAKES)('I-05 its handshake: %s', async (_kind, options) => {
    await expectRefused(await startTls('good', options), /./);
  });

  it.each(STRANGERS)('I-05 it %s', async (_kind, serve) => {
    await expectRefused(await startPlain(serve), /./);
  });

  it('I-05 it says nothing at all', async () => {
    // This takes as long as a handshake may take.
    const upstream = await startPlain((socket) => socket.resume());
    const { stdout, record } = await upload(upstream).finally(() => upstream.close());
    expect(stdout).toMatch(/HTTP\/1\.1 504 /);
    expect(record).toMatchObject({ event: 'error', fields: { reason: 'tls_server: timeout' } });
  });

  it('I-05 it was good for another name a moment ago', async () => {
    const upstream = await startTls('good');
    expect((await upload(upstream)).stdout).toMatch(/ok$/);
    const before = upstream.received;
    await proxy.forget();
    const { record } = await upload(upstream, 'other.test');
    await upstream.close();
    expect(record?.fields.reason).toMatch(/^tls_server: ERR_TLS_CERT_ALTNAME_INVALID/);
    expect(upstream.received).toBe(before);
  });
});

describe('I-05 an upstream with good TLS is served', () => {
  it.each([
    ['good', 'good.test'],
    ['good by an intermediate', 'good.test'],
    ['good by a wildcard', 'a.wild.test'],
    ['good by a name constraint', 'in.allowed.test'],
    ['good by an address', '127.0.0.1'],
  ])('I-05 control: %s', async (kind, host) => {
    const upstream = await startTls(kind);
    const { stdout, record } = await upload(upstream, host);
    await upstream.close();
    expect(stdout).toMatch(/HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/);
    expect(record).toMatchObject({ event: 'allowed', fields: { status: 200, req_bytes: 6 } });
    expect(upstream.received).toMatch(/^POST \/path HTTP\/1\.1\r\n[\s\S]*secret$/);
  });
});
