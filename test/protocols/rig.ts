// What each cell of the matrix needs: leash, an origin of each protocol, clients of both, and the one
// question that every cell ends with: do client, origin and record say the same?

import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { TERMINAL_EVENTS } from '../../src/shared/audit-event.ts';
import type { LogRecord } from '../support/leash-records.ts';
import type { Note, Proto } from '../support/protocols/call.ts';
import { openClient, type ProtocolClient } from '../support/protocols/client.ts';
import {
  type ProtocolOrigin,
  type Speaks,
  startProtocolOrigin,
} from '../support/protocols/origin.ts';
import type { Tally } from '../support/protocols/tally.ts';
import { startDns } from '../support/start-dns.ts';
import { type Leash, type LeashOptions, startLeash } from '../support/start-leash.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeTestCa } from '../support/test-ca.ts';
import { reportCell } from './report.ts';

export type Pair = { readonly client: Proto; readonly origin: Speaks; readonly direct?: true };

/** What leash is asked by, and asks by. */
export const PROTOS: readonly Proto[] = ['h1', 'h2'];

/** The columns of the matrix: who asks and who answers. */
export const PAIRS: readonly Pair[] = PROTOS.flatMap((client) =>
  PROTOS.map((origin) => ({ client, origin })),
);

/** Without leash: that the tools of these tests are sound, and what the machine can do. */
export const DIRECT: readonly Pair[] = [
  { client: 'h1', origin: 'h1', direct: true },
  { client: 'h2', origin: 'h2', direct: true },
];

export function columnOf({ client, origin, direct }: Pair): string {
  return direct ? `${client}, no leash` : `${client} → ${origin}`;
}

export type Rig = {
  readonly leash: Leash;
  /** What every origin shows: for all names below `origin.test`. */
  readonly certificate: { readonly key: string; readonly cert: string };
  origin(pair: Pair): ProtocolOrigin;
  client(pair: Pair): Promise<ProtocolClient>;
  /** Path and query with a number of its own: one request, one record. */
  path(route: string): string;
  /** The last record of a request. */
  outcome(pair: Pair, path: string): Promise<LogRecord>;
  close(): Promise<void>;
};

const nameOf = (origin: Speaks) => `${origin}.origin.test`;

export async function startRig(options: LeashOptions = {}): Promise<Rig> {
  const dir = await tempDir();
  const testCa = await makeTestCa(dir.path);
  const speaking = ['h1', 'h2', 'both'] as const;
  const dns = await startDns({ '*.origin.test': ['127.0.0.1'] });
  const certificate = await testCa.issue(['*.origin.test']);
  const [h1, h2, both] = await Promise.all(
    speaking.map((speaks) => startProtocolOrigin(speaks, certificate)),
  );
  if (h1 === undefined || h2 === undefined || both === undefined) throw new Error('No origin');
  const origins = { h1, h2, both };
  const leash = await startLeash({
    ...options,
    env: {
      ...{ LEASH_UPSTREAM_CA: testCa.caFile, LEASH_DNS: dns.address, BODY_LIMIT_KB: '64' },
      ...options.env,
    },
  });
  const trusted = {
    direct: await readFile(testCa.caFile, 'utf8'),
    leash: await readFile(leash.caFile, 'utf8'),
  };
  let requests = 0;
  return {
    leash,
    certificate,
    origin: (pair) => origins[pair.origin],
    client: ({ client, origin, direct }) =>
      openClient(client, {
        name: nameOf(origin),
        port: origins[origin].port,
        ca: direct ? trusted.direct : trusted.leash,
        proxyPort: direct ? null : leash.proxyPort,
      }),
    path(route) {
      requests += 1;
      return `${route}${route.includes('?') ? '&' : '?'}n=${requests}`;
    },
    async outcome(pair, path) {
      const url = `https://${nameOf(pair.origin)}:${origins[pair.origin].port}${path}`;
      await leash.waitForRecords((record) => isTerminal(record) && record.url === url);
      const records = (await leash.records()).filter((record) => record.url === url);
      const [intent, outcome, ...others] = records;
      expect({ first: intent?.event, others }).toEqual({ first: 'intent', others: [] });
      return outcome ?? {};
    },
    async close() {
      await leash.close();
      await Promise.all([h1, h2, both].map((origin) => origin.close()));
      await dns.close();
      await dir.close();
    },
  };
}

function isTerminal({ event }: LogRecord): boolean {
  return [...TERMINAL_EVENTS].includes(event);
}

export type Cell = {
  readonly row: string;
  readonly pair: Pair;
  readonly rig: () => Rig;
  /** Does it, and gives the bytes of bodies that went through. */
  run(client: ProtocolClient): Promise<number>;
};

/** A test that is a cell of the matrix, with a client of its own. */
export function cell({ row, pair, rig, run }: Cell): void {
  const column = columnOf(pair);
  it(`${row}: ${column} agree on every byte`, async () => {
    const sinceMs = performance.now();
    let client: ProtocolClient | null = null;
    try {
      client = await rig().client(pair);
      const bytes = await run(client);
      const seconds = (performance.now() - sinceMs) / 1000;
      reportCell(row, column, `ok, ${bytes} B, ${seconds.toFixed(1)} s`);
    } catch (error) {
      const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
      reportCell(row, column, `FAILED: ${line.slice(0, 60)}`);
      throw error;
    } finally {
      client?.close();
    }
  });
}

export type Seen = {
  readonly pair: Pair;
  readonly rig: Rig;
  readonly path: string;
  /** What the client gave and got. */
  readonly gave: Tally;
  readonly got: Tally;
};

/** Of an exchange that went well: client, origin and record have the same bytes. */
export async function expectAgreement({ pair, rig, path, gave, got }: Seen): Promise<LogRecord> {
  const note = await rig.origin(pair).ended(path);
  expect(note.ended).toBe('complete');
  expect(bytesOf(note)).toEqual({ req: shown(gave), res: shown(got) });
  if (pair.direct) return {};
  const record = await rig.outcome(pair, path);
  expect(record).toMatchObject({ event: 'allowed', status: 200, method: note.method });
  expectProtocols(pair, record, note);
  expect(recordedBytes(record)).toEqual({ req: shown(gave), res: shown(got) });
  return record;
}

/** The record names what the client spoke, and what the origin spoke where that is something else. */
export function expectProtocols(pair: Pair, record: LogRecord, note: Note): void {
  const upstream = note.proto === pair.client ? undefined : note.proto;
  const { proto, upstream_proto } = record;
  expect({ proto, upstream_proto }).toEqual({ proto: pair.client, upstream_proto: upstream });
  if (pair.origin !== 'both') expect(note.proto).toBe(pair.origin);
}

/** Length and hash, as a record has them: nothing of nothing. */
export function shown({ bytes, sha256 }: Tally): string {
  return bytes === 0 ? 'none' : `${bytes} B ${sha256}`;
}

export function bytesOf({ received, sent }: Note) {
  return { req: shown(received), res: shown(sent) };
}

export function recordedBytes(record: LogRecord) {
  const of = (bytes?: number, sha256?: string) => (bytes ? `${bytes} B ${sha256}` : 'none');
  return {
    req: of(record.req_bytes, record.req_sha256),
    res: of(record.bytes, record.res_sha256),
  };
}
