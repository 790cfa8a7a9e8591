// What leash adds to the way of an event: two hundred streams by way of leash and two hundred straight
// to the origin, at the same time, so that what else the machine does falls on both.

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ProtocolClient } from '../support/protocols/client.ts';
import { percentile } from '../torture/rig.ts';
import { within } from '../torture/scale.ts';
import { reportNumber } from './report.ts';
import { type Pair, PROTOS, type Rig, startRig } from './rig.ts';

const STREAMS = 200;
/** Over HTTP/2 the streams of one share its session. */
const CLIENTS = 4;
/** The first and last of them while other streams are opened and closed: those do not count. */
const EVENTS = 40;
const EVERY_MS = 200;
/** Has no factor in common with it. */
const SPREAD_MS = 77;
/** Promised. The machine is shared: `within` allows for that, and so do further rounds. */
const ADDED_MS = 5;
const ROUNDS = 4;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

type Event = { readonly sentMs: number; readonly tookMs: number };

/** Streams that are open, and the events that came on them, when they have ended. */
type Streams = {
  readonly events: Event[];
  readonly firstEnded: Promise<unknown>;
  readonly ended: Promise<unknown>;
};

async function openStreams(pair: Pair): Promise<Streams> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => rig.client(pair)));
  const events: Event[] = [];
  const endings: Promise<unknown>[] = [];
  let opened = 0;
  const open = async (client: ProtocolClient) => {
    opened += 1;
    // Their events are spread over the time between two of a stream, as those of strangers are.
    const afterMs = (opened * SPREAD_MS) % EVERY_MS;
    const path = rig.path(`/sse?events=${EVENTS}&every=${EVERY_MS}&after=${afterMs}`);
    const sent = client.request('GET', path);
    sent.body.end();
    const { body } = await sent.answer;
    body.on('data', (chunk: Buffer) => {
      const now = performance.now();
      for (const [, at] of String(chunk).matchAll(/"sent":([\d.]+)/g)) {
        events.push({ sentMs: Number(at), tookMs: now - Number(at) });
      }
    });
    endings.push(expect(sent.ending).resolves.toMatchObject({ whole: true }));
  };
  await Promise.all(
    clients.map(async (client) => {
      for (let n = 0; n < STREAMS / CLIENTS; n += 1) await open(client);
    }),
  );
  const ended = Promise.all(endings).then(() => {
    for (const client of clients) client.close();
    expect(events).toHaveLength(STREAMS * EVENTS);
  });
  return { events, firstEnded: Promise.race(endings), ended };
}

type Round = { readonly without: readonly number[]; readonly through: readonly number[] };

/** What the events took that were sent while all streams were open. */
async function measure(pair: Pair): Promise<Round> {
  const straight = await openStreams({ ...pair, direct: true });
  const leashed = await openStreams(pair);
  const openMs = performance.now();
  await Promise.race([straight.firstEnded, leashed.firstEnded]);
  const endMs = performance.now();
  await Promise.all([straight.ended, leashed.ended]);
  const taken = ({ events }: Streams) => {
    const counted = events.filter(({ sentMs }) => sentMs >= openMs && sentMs < endMs);
    expect(counted.length).toBeGreaterThan(events.length / 4);
    return counted.map(({ tookMs }) => tookMs);
  };
  return { without: taken(straight), through: taken(leashed) };
}

const added = ({ without, through }: Round) =>
  percentile(through, 0.99) - percentile(without, 0.99);
const show = (values: readonly number[]) =>
  [0.5, 0.99].map((share) => `${percentile(values, share).toFixed(2)} ms`).join(' and ');

it.each(PROTOS)(
  `an event of one of ${STREAMS} streams over %s arrives at most ${ADDED_MS} ms later than without leash (p99)`,
  async (proto) => {
    const rounds: Round[] = [];
    // Another process that takes the processor for a while only ever adds.
    while (rounds.length < ROUNDS && !rounds.some((round) => added(round) <= within(ADDED_MS))) {
      rounds.push(await measure({ client: proto, origin: proto }));
    }
    const [best] = rounds.toSorted((a, b) => added(a) - added(b));
    if (best === undefined) throw new Error('Nothing was measured');
    reportNumber(
      `SSE, ${STREAMS} streams over ${proto}: p50 and p99 without leash ${show(best.without)}, with it ` +
        `${show(best.through)}; added at p99 ${added(best).toFixed(2)} ms (limit ${within(ADDED_MS)}; ` +
        `round ${rounds.length} of ${ROUNDS} at most)`,
    );
    expect(added(best)).toBeLessThanOrEqual(within(ADDED_MS));
  },
  180_000,
);
