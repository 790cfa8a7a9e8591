// TLS sessions towards the client: a ticket from one worker resumes at every other one.

import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectThrough } from '../support/raw.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { waitFor } from '../support/wait-for.ts';

let leash: Leash;

beforeAll(async () => {
  leash = await startLeash({ workers: 2 });
});
afterAll(() => leash.close());

/** One tunnel with a full handshake or a resumed one; gives the tunnel's flow and the ticket. */
async function handshake(version: 'TLSv1.2' | 'TLSv1.3', session?: Buffer) {
  const { socket } = await connectThrough(leash.proxyPort, 'localhost:443');
  const ca = await readFile(leash.caFile, 'utf8');
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
