// Every kind of body between every two protocols: what the client gave and got, what the origin got
// and gave, and what the record says are the same bytes.

import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Sent } from '../support/protocols/client.ts';
import { Tally, tallyOf, writeNumbered } from '../support/protocols/tally.ts';
import { percentile } from '../torture/rig.ts';
import { scaled } from '../torture/scale.ts';
import {
  cell,
  DIRECT,
  expectAgreement,
  PAIRS,
  type Pair,
  PROTOS,
  type Rig,
  shown,
  startRig,
} from './rig.ts';

const LARGE_MB = scaled(100, 10_240);
const LARGE = LARGE_MB * 1024 * 1024;
const BINARY = { 'content-type': 'application/octet-stream' };
const CHUNKS = 100;
const CHUNK_BYTES = 10_000;
const EVENTS = 100;

const LARGE_SHOWN = shown(tallyOf(LARGE));

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

describe.each([...PAIRS, ...DIRECT])('$client to $origin, without leash: $direct', (pair) => {
  const inCell = { pair, rig: () => rig };

  getCell(pair);

  cell({
    ...inCell,
    row: `${LARGE_MB} MB down`,
    async run(client) {
      const path = rig.path(`/down?bytes=${LARGE}`);
      const sent = client.request('GET', path);
      sent.body.end();
      const got = await whole(sent);
      expect(shown(got)).toBe(LARGE_SHOWN);
      await expectAgreement({ pair, rig, path, gave: new Tally(), got });
      return got.bytes;
    },
  });

  cell({
    ...inCell,
    row: `${LARGE_MB} MB up`,
    async run(client) {
      const path = rig.path('/up');
      const sent = client.request('POST', path, {
        headers: { ...BINARY, 'content-length': String(LARGE) },
      });
      const gave = new Tally();
      await writeNumbered(sent.body, LARGE, gave);
      sent.body.end();
      const got = await whole(sent);
      expect(shown(gave)).toBe(LARGE_SHOWN);
      await expectAgreement({ pair, rig, path, gave, got });
      return gave.bytes;
    },
  });

  cell({
    ...inCell,
    row: 'duplex',
    async run(client) {
      const path = rig.path('/duplex');
      const sent = client.request('POST', path, { headers: BINARY });
      const tally = new Tally();
      // Each chunk goes out when the one before has come back: neither side waits for an end.
      const { status, body } = await sent.answer;
      expect(status).toBe(200);
      const chunks = body[Symbol.asyncIterator]();
      for (let n = 0; n < CHUNKS; n += 1) {
        const chunk = Buffer.alloc(CHUNK_BYTES, n);
        tally.push(chunk);
        sent.body.write(chunk);
        let back = 0;
        while (back < CHUNK_BYTES) back += (await chunks.next()).value.length;
      }
      sent.body.end();
      expect(await chunks.next()).toMatchObject({ done: true });
      expect(await sent.ending).toMatchObject({ whole: true });
      await expectAgreement({ pair, rig, path, gave: tally, got: tally });
      return tally.bytes * 2;
    },
  });

  cell({
    ...inCell,
    row: 'trailers',
    async run(client) {
      const path = rig.path('/trailers');
      const gave = new Tally();
      const sent = client.request('POST', path, { trailers: () => ({ 'x-late': gave.sha256 }) });
      await writeNumbered(sent.body, CHUNK_BYTES, gave);
      sent.body.end();
      const got = new Tally();
      const text = await readText(sent, got);
      const { trailers } = await sent.ending;
      expect({ text: JSON.parse(text), trailers }).toEqual({
        text: { 'x-late': gave.sha256 },
        trailers: { 'x-late': got.sha256 },
      });
      const record = await expectAgreement({ pair, rig, path, gave, got });
      if (!pair.direct) {
        expect(record.req_trailers).toEqual([['x-late', gave.sha256]]);
        expect(record.res_trailers).toEqual([['x-late', got.sha256]]);
      }
      return gave.bytes + got.bytes;
    },
  });

  cell({
    ...inCell,
    row: 'SSE',
    async run(client) {
      const path = rig.path(`/sse?events=${EVENTS}&every=5`);
      const sent = client.request('GET', path);
      sent.body.end();
      const got = new Tally();
      const delays: number[] = [];
      const { body } = await sent.answer;
      body.on('data', (chunk: Buffer) => {
        got.push(chunk);
        for (const [, at] of String(chunk).matchAll(/"sent":([\d.]+)/g)) {
          delays.push(performance.now() - Number(at));
        }
      });
      expect(await sent.ending).toMatchObject({ whole: true });
      expect(delays).toHaveLength(EVENTS);
      // Held back until the next one it would be late by the time between two; the machine is shared.
      expect(percentile(delays, 0.5)).toBeLessThan(5);
      await expectAgreement({ pair, rig, path, gave: new Tally(), got });
      return got.bytes;
    },
  });
});

describe.each(PROTOS)('%s to an origin that speaks both', (client) => {
  getCell({ client, origin: 'both' });
});

function getCell(pair: Pair): void {
  cell({
    pair,
    rig: () => rig,
    row: 'GET',
    async run(client) {
      const path = rig.path('/get');
      const sent = client.request('GET', path);
      sent.body.end();
      const got = await whole(sent);
      await expectAgreement({ pair, rig, path, gave: new Tally(), got });
      return got.bytes;
    },
  });
}

async function whole(sent: Sent): Promise<Tally> {
  const got = new Tally();
  await readText(sent, got, false);
  return got;
}

/** Reads the answer to its end, which has to be its own. */
async function readText(sent: Sent, got: Tally, keep = true): Promise<string> {
  let text = '';
  const { status, body } = await sent.answer;
  expect(status).toBe(200);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    got.push(chunk);
    if (keep) text += String(chunk);
  }
  expect(await sent.ending).toMatchObject({ whole: true });
  return text;
}
