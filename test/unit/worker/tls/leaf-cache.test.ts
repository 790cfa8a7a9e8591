import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ca, openCa } from '../../../../src/primary/ca/ca.ts';
import { LeafCache, type LeafCacheDeps } from '../../../../src/worker/tls/leaf-cache.ts';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.now();

let stateDir: string;
let ca: Ca;
let nowMs = START_MS;
beforeAll(async () => {
  stateDir = await fs.mkdtemp(join(tmpdir(), 'leash-leaf-'));
  ca = await openCa({ stateDir, now: () => nowMs });
});
afterAll(() => fs.rm(stateDir, { recursive: true }));

describe('LeafCache.get()', () => {
  it('mints once and then gives the same context', async () => {
    const { leaves, minted } = newCache();
    const first = await leaves.get('example.com');
    expect(await leaves.get('example.com')).toBe(first);
    expect(minted).toEqual(['example.com']);
    expect(leaves.size).toBe(1);
  });

  it('mints once for many that ask at once', async () => {
    const { leaves, minted } = newCache();
    const contexts = await Promise.all(Array.from({ length: 20 }, () => leaves.get('example.com')));
    expect(new Set(contexts).size).toBe(1);
    expect(minted).toEqual(['example.com']);
  });

  it('rejects as mint does, and asks again the next time', async () => {
    let fails = 1;
    const { leaves, minted } = newCache({
      onMint: () => (fails-- > 0 ? Promise.reject(new Error('pipe is gone')) : undefined),
    });
    await expect(leaves.get('example.com')).rejects.toThrow('pipe is gone');
    expect(leaves.size).toBe(0);
    expect(leaves.has('example.com')).toBe(false);
    await leaves.get('example.com');
    expect(minted).toHaveLength(2);
  });

  it('rejects on bytes that are no certificate, and does not keep them', async () => {
    const leaves = new LeafCache({ ...depsOf(newKeyPem()), mint: async () => 'nonsense' });
    await expect(leaves.get('example.com')).rejects.toThrow();
    expect(leaves.size).toBe(0);
  });

  it("lets an entry go an hour before its leaf's end", async () => {
    nowMs = START_MS;
    const { leaves, minted } = newCache();
    const first = await leaves.get('example.com');
    nowMs = START_MS + 90 * DAY_MS - HOUR_MS - 2000;
    expect(await leaves.get('example.com')).toBe(first);
    nowMs = START_MS + 90 * DAY_MS - HOUR_MS + 1000;
    expect(leaves.has('example.com')).toBe(false);
    expect(await leaves.get('example.com')).not.toBe(first);
    expect(minted).toHaveLength(2);
    nowMs = START_MS;
  });

  it('does not keep a leaf for ever that comes with less than an hour to live', async () => {
    nowMs = START_MS + 10 * 365 * DAY_MS - HOUR_MS / 2;
    const { leaves, minted } = newCache();
    await leaves.get('example.com');
    nowMs += 10;
    await leaves.get('example.com');
    nowMs = START_MS;
    expect(minted).toHaveLength(2);
  });

  // V8 does not see native memory, so nothing but this count keeps it from growing.
  it("Invariant: the cache is bounded by count, because V8 does not see a context's 45 KB of native memory.", async () => {
    const { leaves, minted } = newCache({ maxEntries: 3 });
    for (const host of ['a', 'b', 'c', 'a', 'd']) await leaves.get(`${host}.example`);
    expect(leaves.size).toBe(3);
    expect(leaves.has('a.example')).toBe(true);
    expect(leaves.has('b.example')).toBe(false);
    expect(minted).toHaveLength(4);
  });

  it('serves every caller when more hosts are minted at once than there are places', async () => {
    const { leaves } = newCache({ maxEntries: 2 });
    const hosts = Array.from({ length: 10 }, (_, index) => `h${index}.example`);
    const contexts = await Promise.all(hosts.map((host) => leaves.get(host)));
    expect(contexts.every((context) => context.context !== undefined)).toBe(true);
    expect(leaves.size).toBeLessThanOrEqual(2);
    expect(hosts.filter((host) => leaves.has(host))).toHaveLength(leaves.size);
  });
});

describe('LeafCache.has()', () => {
  it('is true for a leaf that is on its way', async () => {
    const { leaves } = newCache();
    expect(leaves.has('example.com')).toBe(false);
    const coming = leaves.get('example.com');
    expect(leaves.has('example.com')).toBe(true);
    await coming;
    expect(leaves.has('example.com')).toBe(true);
    expect(leaves.has('other.example')).toBe(false);
  });
});

describe('LeafCache contexts', () => {
  it('present the leaf and the CA to a client that trusts the CA', async () => {
    const { leaves } = newCache();
    const seen = await handshake(leaves, { ca: ca.certPem });
    expect(seen.authorized).toBe(true);
    expect(seen.chain).toEqual(['CN=example.com', ca.certPem]);
    expect(seen.alpn).toBe('http/1.1');
  });

  it('refuse TLS 1.1', async () => {
    const { leaves } = newCache();
    const old: ConnectionOptions = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    };
    await expect(handshake(leaves, { ca: ca.certPem, ...old })).rejects.toThrow(
      'unsupported protocol',
    );
  });
});

describe.each(['TLSv1.3', 'TLSv1.2'] as const)('session tickets of %s', (version) => {
  const options = (): ConnectionOptions => ({
    ca: ca.certPem,
    minVersion: version,
    maxVersion: version,
  });

  it('resume in another worker: another leaf key, the same ticket keys', async () => {
    const one = newCache();
    const two = newCache({ ticketKeys: one.ticketKeys });
    const first = await handshake(one.leaves, options());
    expect(first.reused).toBe(false);
    const second = await handshake(two.leaves, { ...options(), session: first.session });
    expect(second.reused).toBe(true);
  });

  it('do not resume under other ticket keys', async () => {
    const first = await handshake(newCache().leaves, options());
    const second = await handshake(newCache().leaves, { ...options(), session: first.session });
    expect(second.reused).toBe(false);
  });

  it('Invariant: a context that is handed out always has the newest ticket keys.', async () => {
    const newest = newCache();
    let gate: Promise<undefined> | undefined;
    let openGate = () => {};
    const { leaves } = newCache({ onMint: () => gate });
    // One leaf is here and one is on its way when the keys change.
    await leaves.get('example.com');
    gate = new Promise((resolve) => (openGate = () => resolve(undefined)));
    const coming = leaves.get('coming.example');
    leaves.setTicketKeys(newest.ticketKeys);
    expect(leaves.has('example.com')).toBe(false);
    openGate();
    for (const context of [await coming, await leaves.get('example.com')]) {
      const first = await handshake(newest.leaves, options());
      const resumed = {
        ...options(),
        session: first.session,
        checkServerIdentity: () => undefined,
      };
      const second = await handshake({ get: async () => context }, resumed);
      expect(second.reused).toBe(true);
    }
  });
});

type Changes = {
  readonly maxEntries?: number;
  readonly ticketKeys?: Buffer;
  readonly onMint?: () => Promise<undefined> | undefined;
};

function newCache(changes: Changes = {}) {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const minted: string[] = [];
  const deps = depsOf(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const { onMint, ...rest } = changes;
  const leaves = new LeafCache({
    ...deps,
    ...rest,
    mint: async (host) => {
      minted.push(host);
      await onMint?.();
      return ca.mintLeaf(host, publicKey);
    },
  });
  return { leaves, minted, ticketKeys: changes.ticketKeys ?? deps.ticketKeys };
}

function depsOf(privateKeyPem: string): Omit<LeafCacheDeps, 'mint'> {
  return {
    privateKeyPem,
    ticketKeys: randomBytes(48),
    maxEntries: 100,
    now: () => nowMs,
  };
}

function newKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** One connection to a worker, made as a tunnel makes it; the worker says "hi" and closes. */
async function handshake(leaves: Pick<LeafCache, 'get'>, options: ConnectionOptions) {
  const servername = options.servername ?? 'example.com';
  const secureContext = await leaves.get(servername);
  const server = createServer((raw) => {
    const tls = new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    tls.on('error', (error) => client.destroy(error));
    tls.end('hi');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({
    ...options,
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    servername,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  try {
    let session: Buffer | undefined;
    client.on('session', (ticket) => (session = ticket));
    await once(client, 'secureConnect');
    const peer = client.getPeerX509Certificate();
    const chain = [peer?.subject, peer?.issuerCertificate?.toString()];
    const { authorized, alpnProtocol: alpn } = client;
    const reused = client.isSessionReused();
    client.resume();
    await once(client, 'close');
    return { session, chain, authorized, alpn, reused };
  } finally {
    client.destroy();
    server.close();
  }
}
