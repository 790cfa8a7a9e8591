// two hundred transfers of 100 MB that do not move, uploads to an upstream that does not read
// and downloads of clients that do not: leash holds little of each, and serves others meanwhile.

import { constants } from 'node:http2';
import { afterEach, expect, it } from 'vitest';
import { TERMINAL_EVENTS } from '../../src/shared/audit-event.ts';
import { currentMemory } from '../support/process-memory.ts';
import type { ProtocolClient, Sent } from '../support/protocols/client.ts';
import type { ProtocolOrigin } from '../support/protocols/origin.ts';
import { Tally, writeNumbered } from '../support/protocols/tally.ts';
import { waitFor } from '../support/wait-for.ts';
import { reportNumber } from './report.ts';
import { type Pair, PROTOS, type Rig, startRig } from './rig.ts';

const { NGHTTP2_INTERNAL_ERROR } = constants;
const MIB = 1024 * 1024;
const SIZE = 100 * MIB;
const PAIRS_OF_TRANSFERS = 100;
/** Of one client: over HTTP/2 they share its session. */
const PER_CLIENT = 10;
const GROWTH = 255 * MIB;
/** Of one HTTP/2 stream whose reader is slow. */
const STREAM_GROWTH = MIB;
/** When so long not one byte has moved, none will. */
const STILL_MS = 1_500;

let rig: Rig;
afterEach(() => rig.close());

const memory = () =>
  [rig.leash.pid, ...rig.leash.workerPids(), ...rig.leash.viewerPids()]
    .map(currentMemory)
    .reduce((sum, bytes) => sum + bytes, 0);

type Stalled = { readonly sent: Sent; readonly path: string };

it.each(PROTOS)(
  'A-09: 200 stalled transfers of 100 MB over %s take leash at most 255 MB',
  async (proto) => {
    const pair: Pair = { client: proto, origin: proto };
    rig = await startRig();
    const origin = rig.origin(pair);
    const clients: ProtocolClient[] = [await rig.client(pair)];
    await answered(clients[0], rig.path('/get'));
    const atRest = memory();
    let peak = atRest;

    const uploads: Stalled[] = [];
    const downloads: Stalled[] = [];
    const gave = new Tally();
    for (let n = 0; n < PAIRS_OF_TRANSFERS; n += 1) {
      if (n % PER_CLIENT === 0) clients.push(await rig.client(pair));
      const client = clients.at(-1);
      if (client === undefined) break;
      uploads.push(await upload({ client, origin, gave }));
      downloads.push(await download(client));
    }
    const moved = () => origin.notes.reduce((sum, { sent }) => sum + sent.bytes, gave.bytes);
    let last = { bytes: 0, sinceMs: performance.now() };
    const stands = () => {
      peak = Math.max(peak, memory());
      const bytes = moved();
      if (bytes !== last.bytes) last = { bytes, sinceMs: performance.now() };
      return performance.now() - last.sinceMs >= STILL_MS;
    };
    await waitFor(stands, { what: 'all to stand still', timeoutMs: 40_000, everyMs: 50 });

    // Who is not part of it notices nothing.
    await answered(clients[0], rig.path('/get'));
    const held = `${(moved() / MIB).toFixed(0)} MB on their way`;
    reportNumber(
      `A-09, 200 stalled transfers, ${proto}: ${show(atRest)} at rest, ` +
        `${show(memory())} with ${held}, peak ${show(peak)}: +${show(peak - atRest)} (limit 255 MB)`,
    );
    expect(peak - atRest).toBeLessThanOrEqual(GROWTH);
    const each = (peak - atRest) / (2 * PAIRS_OF_TRANSFERS);
    if (proto === 'h2') expect(each).toBeLessThanOrEqual(STREAM_GROWTH);

    // Each by the side that does not move: nobody reads what the other would have to say.
    for (const { path } of uploads) origin.reset(path, NGHTTP2_INTERNAL_ERROR);
    for (const { sent } of downloads) sent.abort();
    await allEnd(uploads, /^upstream: /);
    await allEnd(downloads, /^client: /);
    await waitFor(() => origin.notes.every(({ ended }) => ended !== ''), {
      what: 'the origin to be let go',
    });
    for (const client of clients) client.close();
  },
  120_000,
);

const show = (bytes: number) => `${(bytes / MIB).toFixed(0)} MB`;

type Uploading = {
  readonly client: ProtocolClient;
  readonly origin: ProtocolOrigin;
  /** What all of them gave together. */
  readonly gave: Tally;
};

/** To a route that reads nothing; under way when the origin has its head. */
async function upload({ client, origin, gave }: Uploading): Promise<Stalled> {
  const path = rig.path('/stall');
  const sent = client.request('POST', path, { headers: { 'content-length': String(SIZE) } });
  sent.answer.catch(() => {});
  await origin.arrived(path);
  void writeNumbered(sent.body, SIZE, gave);
  return { sent, path };
}

/** Of which nothing is read but the head. */
async function download(client: ProtocolClient): Promise<Stalled> {
  const path = rig.path(`/down?bytes=${SIZE}`);
  const sent = client.request('GET', path);
  sent.body.end();
  expect(await sent.answer).toMatchObject({ status: 200 });
  return { sent, path };
}

async function answered(client: ProtocolClient | undefined, path: string): Promise<void> {
  const sent = client?.request('GET', path);
  sent?.body.end();
  const answer = await sent?.answer;
  answer?.body.resume();
  expect(answer?.status).toBe(200);
}

/** Each has one last record, which says who gave it up. */
async function allEnd(stalled: readonly Stalled[], who: RegExp): Promise<void> {
  const paths = new Set(stalled.map(({ path }) => path));
  const ended = async () =>
    (await rig.leash.records()).filter(
      ({ event, url }) => [...TERMINAL_EVENTS].includes(event) && paths.has(pathOf(url)),
    );
  await waitFor(async () => (await ended()).length >= stalled.length, {
    what: `the last records of ${stalled.length} transfers`,
    timeoutMs: 10_000,
    everyMs: 200,
  });
  const records = await ended();
  expect(new Set(records.map(({ url }) => url)).size).toBe(stalled.length);
  expect(records).toHaveLength(stalled.length);
  for (const { event, reason } of records) {
    expect({ event, reason }).toEqual({ event: 'error', reason: expect.stringMatching(who) });
  }
}

function pathOf(url = 'https://none/'): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
