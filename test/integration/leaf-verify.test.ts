// What openCa() makes, judged by others: openssl, Python, Node and curl, each as strict as it can be.

import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { type AddressInfo, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ca, openCa } from '../../src/primary/ca/ca.ts';

const LONG_NAME = `${'long-label-0123456789.'.repeat(4)}example.com`;
const HOSTS = [
  'example.com',
  LONG_NAME,
  '127.0.0.1',
  '::1',
  'xn--bcher-kva.example',
  'a_b.example',
];
const DAY_MS = 24 * 60 * 60 * 1000;
/** The host to verify, the address to connect to, the port; prints "verified". */
const PYTHON_CLIENT = `
import socket, ssl, sys
host, port, ca = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ctx = ssl.create_default_context(cafile=ca)
ctx.verify_flags |= ssl.VERIFY_X509_STRICT
raw = socket.create_connection(('127.0.0.1', port), timeout=10)
with ctx.wrap_socket(raw, server_hostname=host) as tls:
    print('verified', tls.version())
`;

const run = promisify(execFile);
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
const keyPem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

let folder: string;
let ca: Ca;
/** A CA of the same kind that no client was given. */
let foreign: Ca;
beforeAll(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'leash-verify-'));
  ca = await openCa({ stateDir: join(folder, 'own'), now: Date.now });
  foreign = await openCa({ stateDir: join(folder, 'foreign'), now: Date.now });
});
afterAll(() => fs.rm(folder, { recursive: true }));

describe.each(HOSTS)('mintLeaf(%s) is accepted', (host) => {
  it('by openssl verify -x509_strict, for this host and as a server', async () => {
    const option = isIP(host) ? '-verify_ip' : '-verify_hostname';
    const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca.certPath];
    const leaf = await writeLeaf(host);
    expect((await run('openssl', [...args, option, host, leaf])).stdout).toContain(': OK');
    const other = isIP(host) ? '127.0.0.2' : `x.${host}`;
    await expect(run('openssl', [...args, option, other, leaf])).rejects.toThrow('mismatch');
  });

  it('by Python with VERIFY_X509_STRICT', async () => {
    await withServer(ca, host, async (port) => {
      const args = ['-c', PYTHON_CLIENT, host, String(port), ca.certPath];
      expect((await run('python3', args)).stdout).toContain('verified TLSv1.3');
    });
  });

  it('by Node', async () => {
    await withServer(ca, host, async (port) => {
      expect(await nodeVerdict(host, port)).toBe('verified');
    });
  });

  it('by curl', async () => {
    await withServer(ca, host, async (port) => {
      expect((await run('curl', curlArgs(host, port))).stdout).toBe('hello');
    });
  });
});

describe('clients that trust one CA', () => {
  it('refuse a leaf of another CA', async () => {
    await withServer(foreign, 'example.com', async (port) => {
      expect(await nodeVerdict('example.com', port)).not.toBe('verified');
      await expect(run('curl', curlArgs('example.com', port))).rejects.toMatchObject({ code: 60 });
      const args = ['-c', PYTHON_CLIENT, 'example.com', String(port), ca.certPath];
      await expect(run('python3', args)).rejects.toThrow('CERTIFICATE_VERIFY_FAILED');
    });
  });

  it('refuse a leaf for another host', async () => {
    await withServer(ca, 'other.example', async (port) => {
      expect(await nodeVerdict('example.com', port)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
      await expect(run('curl', curlArgs('example.com', port))).rejects.toMatchObject({ code: 60 });
    });
  });
});

describe('the text that openssl x509 prints', () => {
  it('of the root: a CA for leaves only, critical, with both key identifiers', async () => {
    const text = await describeCert(ca.certPath);
    expect(text).toContain('Version: 3 (0x2)');
    expect(text).toContain('Signature Algorithm: ecdsa-with-SHA256');
    expect(text).toContain('ASN1 OID: prime256v1');
    expect(text).toContain('X509v3 Basic Constraints: critical CA:TRUE, pathlen:0');
    expect(text).toContain('X509v3 Key Usage: critical Certificate Sign, CRL Sign');
    expect(keyIdOf(text, 'Authority')).toBe(keyIdOf(text, 'Subject'));
    const [notBefore, notAfter] = datesOf(text);
    expect(notAfter - notBefore).toBe(3651 * DAY_MS);
    expect(await describeCert(ca.certPath, '-fingerprint')).toContain(`=${ca.sha256}`);
  });

  it.each([
    [
      'example.com',
      'X509v3 Subject Alternative Name: DNS:example.com',
      'Subject: CN = example.com',
    ],
    [
      LONG_NAME,
      `X509v3 Subject Alternative Name: critical DNS:${LONG_NAME}`,
      'Subject: Subject Public',
    ],
    [
      '127.0.0.1',
      'X509v3 Subject Alternative Name: IP Address:127.0.0.1',
      'Subject: CN = 127.0.0.1',
    ],
    ['::1', 'X509v3 Subject Alternative Name: IP Address:0:0:0:0:0:0:0:1', 'Subject: CN = ::1'],
    [
      'a_b.example',
      'X509v3 Subject Alternative Name: DNS:a_b.example',
      'Subject: CN = a_b.example',
    ],
  ])('of the leaf of %s: a TLS server, and nothing else', async (host, altName, subject) => {
    const text = await describeCert(await writeLeaf(host));
    expect(text).toContain('Version: 3 (0x2)');
    expect(text).toContain('Signature Algorithm: ecdsa-with-SHA256');
    expect(text).toContain(altName);
    expect(text).toContain(subject);
    expect(text).toContain('X509v3 Basic Constraints: critical CA:FALSE');
    expect(text).toContain('X509v3 Key Usage: critical Digital Signature X509v3');
    expect(text).toContain('X509v3 Extended Key Usage: TLS Web Server Authentication X509v3');
    expect(keyIdOf(text, 'Authority')).toBe(keyIdOf(await describeCert(ca.certPath), 'Subject'));
    expect(keyIdOf(text, 'Subject')).not.toBe(keyIdOf(text, 'Authority'));
    const [notBefore, notAfter] = datesOf(text);
    expect(notAfter - notBefore).toBe(91 * DAY_MS);
    expect(Math.abs(Date.now() - DAY_MS - notBefore)).toBeLessThan(60_000);
  });
});

async function writeLeaf(host: string): Promise<string> {
  const path = join(folder, `${host.replaceAll(':', '_')}.pem`);
  await fs.writeFile(path, ca.mintLeaf(host, publicKey));
  return path;
}

async function withServer(issuer: Ca, host: string, use: (port: number) => Promise<void>) {
  const server = await startServer(issuer.mintLeaf(host, publicKey));
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

async function startServer(leafPem: string): Promise<Server> {
  const server = createServer({ key: keyPem, cert: leafPem }, (socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello');
  });
  server.on('tlsClientError', () => {});
  // Both families: `::` takes IPv4 too, and ::1 is connected to as it is written.
  server.listen({ port: 0, host: '::' });
  await once(server, 'listening');
  return server;
}

function nodeVerdict(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const name = isIP(host) ? {} : { servername: host };
    const address = isIP(host) ? host : '127.0.0.1';
    const client = connect({ host: address, port, ca: ca.certPem, ...name }, () => {
      resolve(client.authorized ? 'verified' : 'unauthorized');
      client.destroy();
    });
    client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function curlArgs(host: string, port: number): string[] {
  const origin = host.includes(':') ? `[${host}]` : host;
  const resolve = isIP(host) ? [] : ['--resolve', `${host}:${port}:127.0.0.1`];
  const quiet = ['-q', '-sS', '--noproxy', '*', '--max-time', '10'];
  return [...quiet, '--cacert', ca.certPath, ...resolve, `https://${origin}:${port}/`];
}

/** One line, one space between words. */
async function describeCert(path: string, ...options: string[]): Promise<string> {
  const args = [
    'x509',
    '-in',
    path,
    '-noout',
    ...(options.length > 0 ? [...options, '-sha256'] : ['-text']),
  ];
  return (await run('openssl', args)).stdout.replace(/\s+/g, ' ');
}

function keyIdOf(text: string, whose: 'Subject' | 'Authority'): string {
  const id = new RegExp(`X509v3 ${whose} Key Identifier: (?:keyid:)?([0-9A-F:]{59})`).exec(
    text,
  )?.[1];
  expect(id).toBeDefined();
  return id!;
}

function datesOf(text: string): [number, number] {
  const dates = /Not Before: (.*? GMT) Not After : (.*? GMT)/.exec(text);
  return [Date.parse(dates?.[1] ?? ''), Date.parse(dates?.[2] ?? '')];
}
