// TLS sessions towards the client: a ticket from one worker resumes at every other one.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectThrough } from '../support/raw.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { startWorker } from '../support/start-worker.ts';
import { waitFor } from '../support/wait-for.ts';

let leash: Leash;

beforeAll(async () => {
  leash = await startLeash({ workers: 2 });
});
afterAll(() => leash.close());

type Version = 'TLSv1.2' | 'TLSv1.3';

/** One tunnel of the whole program, see `handshakeAt`. */
async function handshake(version: Version, session?: Buffer) {
  const ca = await readFile(leash.caFile, 'utf8');
  return handshakeAt({ proxyPort: leash.proxyPort, ca, version, session });
}

type Handshake = {
  readonly proxyPort: number;
  readonly ca: string;
  readonly version: Version;
  readonly session?: Buffer | undefined;
};

/** One tunnel with a full handshake or a resumed one; gives which it was, and the ticket. */
async function handshakeAt({ proxyPort, ca, version, session }: Handshake) {
  const { socket } = await connectThrough(proxyPort, 'localhost:443');
  const tls = connect({
    socket,
    servername: 'localhost',
    ca,
    minVersion: version,
    maxVersion: version,
    session,
  });
  return await new Promise<{ reused: boolean; ticket: Buffer }>((resolve, reject) => {
    tls.once('error', reject);
    // TLS 1.3 sends the ticket after the handshake; a resumed session gets none.
    const done = (ticket: Buffer) => {
      resolve({ reused: tls.isSessionReused(), ticket });
      tls.end();
    };
    tls.once('session', done);
    tls.resume();
    tls.once('secureConnect', () => {
      if (tls.isSessionReused()) done(session ?? Buffer.alloc(0));
    });
  });
}

it.each(['TLSv1.2', 'TLSv1.3'] as const)('a %s ticket is good at both workers', async (version) => {
  const before = (await leash.records()).length;
  const first = await handshake(version);
  expect(first.reused).toBe(false);
  const workers = async () => {
    const opened = (await leash.records())
      .slice(before)
      .filter(({ event }) => event === 'connect_allowed');
    return new Set(opened.map(({ worker }) => worker)).size;
  };
  const resumed = async () => {
    const eight = Array.from({ length: 8 }, () => handshake(version, first.ticket));
    for (const { reused } of await Promise.all(eight)) expect(reused).toBe(true);
    return (await workers()) === 2;
  };
  await waitFor(resumed, { what: 'tunnels at both workers', timeoutMs: 10_000 });
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a %s ticket is good until there are new keys',
  async (version) => {
    const worker = await startWorker(randomBytes(48));
    try {
      const { proxyPort, caPem: ca } = worker;
      const first = await handshakeAt({ proxyPort, ca, version });
      const again = (session: Buffer) => handshakeAt({ proxyPort, ca, version, session });
      expect((await again(first.ticket)).reused).toBe(true);
      worker.setTicketKeys(randomBytes(48));
      const renewed = await waitFor(
        async () => {
          const next = await again(first.ticket);
          return !next.reused && next;
        },
        { what: 'the new keys' },
      );
      expect((await again(renewed.ticket)).reused).toBe(true);
    } finally {
      await worker.close();
    }
  },
);
