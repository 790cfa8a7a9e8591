// Exchanges that one side breaks off, at each point of their way: one last record with the bytes that
// the other side really got, both ends let go, nothing short taken for whole, and what else runs on
// the same connections goes on.

import { constants } from 'node:http2';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { LogRecord } from '../support/leash-records.ts';
import type { ProtocolClient, Sent } from '../support/protocols/client.ts';
import { STREAM_WINDOW } from '../support/protocols/client-h2.ts';
import { Tally, writeNumbered } from '../support/protocols/tally.ts';
import { waitFor } from '../support/wait-for.ts';
import { startCompanion } from './companion.ts';
import {
  bytesOf,
  cell,
  expectProtocols,
  PAIRS,
  type Rig,
  recordedBytes,
  shown,
  startRig,
} from './rig.ts';

const SIZE = 16 * 1024 * 1024;
/** Of a body that says its length: one that does not could be ended early as if it were whole. */
const LENGTH_KNOWN = { 'content-length': String(SIZE) };
const POINTS = [
  { percent: 1, hasLength: true },
  { percent: 25, hasLength: false },
  { percent: 50, hasLength: true },
  { percent: 99, hasLength: false },
];
/** Within it an abort of one side is known to the other. */
const TOLD_MS = 1_000;
const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const bytesAt = (percent: number) => Math.floor((SIZE * percent) / 100);

describe.each(PAIRS)('$client to $origin', (pair) => {
  const origin = () => rig.origin(pair);

  /** A cell beside which another exchange of the same client runs, and ends well. */
  function abortCell(row: string, run: (client: ProtocolClient) => Promise<number>): void {
    cell({
      row,
      pair,
      rig: () => rig,
      async run(client) {
        const companion = await startCompanion(client, rig.path('/duplex'));
        const bytes = await run(client);
        await companion.endsWell();
        return bytes;
      },
    });
  }

  /** The client breaks it off: the origin hears of it, and the record says that it was the client. */
  async function givenUp(path: string, sent: Sent): Promise<LogRecord> {
    const sinceMs = performance.now();
    sent.abort();
    const note = await origin().ended(path);
    expect(note.ended).toBe('reset');
    expect(note.endedMs - sinceMs).toBeLessThan(TOLD_MS);
    const record = await rig.outcome(pair, path);
    expect(record).toMatchObject({ event: 'error', reason: expect.stringMatching(/^client: /) });
    expectProtocols(pair, record, note);
    return record;
  }

  abortCell('client leaves before the head', async (client) => {
    const path = rig.path('/stall');
    const sent = client.request('GET', path);
    sent.body.end();
    sent.answer.catch(() => {});
    await origin().arrived(path);
    const record = await givenUp(path, sent);
    expect(record).not.toHaveProperty('status');
    expect(recordedBytes(record)).toEqual({ req: 'none', res: 'none' });
    return 0;
  });

  abortCell('client leaves after the head', async (client) => {
    const path = rig.path(`/down?bytes=${SIZE}&hold=0`);
    const sent = client.request('GET', path);
    sent.body.end();
    await sent.answer;
    const record = await givenUp(path, sent);
    expect(record).toMatchObject({ status: 200 });
    expect(recordedBytes(record)).toEqual({ req: 'none', res: 'none' });
    return 0;
  });

  describe.each(POINTS)('at $percent %', ({ percent, hasLength }) => {
    const held = bytesAt(percent);

    abortCell(`client leaves at ${percent} % of its upload`, async (client) => {
      const path = rig.path('/up');
      const sent = client.request('POST', path, { headers: hasLength ? LENGTH_KNOWN : {} });
      sent.answer.catch(() => {});
      const gave = new Tally();
      await writeNumbered(sent.body, held, gave);
      const note = await origin().arrived(path);
      await waitFor(() => note.received.bytes === held, { what: 'what was sent', everyMs: 5 });
      const record = await givenUp(path, sent);
      expect(record).toMatchObject({ req_unfinished: true });
      expect(bytesOf(note).req).toBe(shown(gave));
      expect(recordedBytes(record)).toEqual({ req: shown(gave), res: 'none' });
      return held;
    });

    abortCell(`client leaves at ${percent} % of its download`, async (client) => {
      const path = rig.path(`/down?bytes=${SIZE}&hold=${held}${hasLength ? '' : '&chunked'}`);
      const sent = client.request('GET', path);
      sent.body.end();
      const got = await readUpTo(sent, held);
      const record = await givenUp(path, sent);
      expect(record).toMatchObject({ status: 200 });
      expect(recordedBytes(record)).toEqual({ req: 'none', res: shown(got) });
      return held;
    });
  });

  abortCell('client leaves an upload that flows', async (client) => {
    const path = rig.path('/up');
    const sent = client.request('POST', path, { headers: LENGTH_KNOWN });
    sent.answer.catch(() => {});
    const gave = new Tally();
    const writing = writeNumbered(sent.body, SIZE, gave);
    const note = await origin().arrived(path);
    await waitFor(() => note.received.bytes >= bytesAt(25), { what: 'a quarter', everyMs: 1 });
    const record = await givenUp(path, sent);
    await writing;
    // What was on its way between two of them may have arrived or not.
    expect(record.req_bytes).toBeGreaterThanOrEqual(note.received.bytes);
    expect(record.req_bytes).toBeLessThanOrEqual(gave.bytes);
    return record.req_bytes;
  });

  abortCell('client leaves a download that flows', async (client) => {
    const path = rig.path(`/down?bytes=${SIZE}`);
    const sent = client.request('GET', path);
    sent.body.end();
    const got = await readUpTo(sent, bytesAt(25));
    const record = await givenUp(path, sent);
    const note = await origin().ended(path);
    expect(record.bytes).toBeGreaterThanOrEqual(got.bytes);
    expect(record.bytes).toBeLessThanOrEqual(note.sent.bytes);
    return record.bytes;
  });

  // Over HTTP/1 the kernel takes so much, and nobody knows what becomes of it.
  if (pair.client === 'h2') {
    abortCell('client leaves while the end of its download waits', async (client) => {
      const bytes = STREAM_WINDOW + 8_000;
      const path = rig.path(`/down?bytes=${bytes}`);
      const sent = client.request('GET', path);
      sent.body.end();
      await sent.answer;
      const note = await origin().ended(path);
      expect(note.ended).toBe('complete');
      sent.abort();
      const record = await rig.outcome(pair, path);
      expect(record).toMatchObject({ event: 'error', reason: expect.stringMatching(/^client: /) });
      expect(record.bytes).toBeLessThanOrEqual(bytes);
      return record.bytes;
    });
  }

  abortCell('origin breaks off before the head', async (client) => {
    const path = rig.path('/stall');
    // No GET: on a connection that was used before, that would be sent once more.
    const sent = client.request('POST', path);
    sent.body.end('something');
    await origin().arrived(path);
    origin().reset(path, NGHTTP2_INTERNAL_ERROR);
    const { status, headers, body } = await sent.answer;
    body.resume();
    expect({ status, by: headers['x-leash'] }).toEqual({
      status: 502,
      by: expect.stringMatching(/^error; reason=upstream/),
    });
    const record = await rig.outcome(pair, path);
    expect(record).toMatchObject({ event: 'error', status: 502 });
    expect(record).toMatchObject({ reason: expect.stringMatching(/^upstream: /), req_bytes: 9 });
    return 9;
  });

  describe.each([
    ['after the head', { percent: 0, code: NGHTTP2_INTERNAL_ERROR, framing: '' }],
    ['in the middle', { percent: 50, code: NGHTTP2_INTERNAL_ERROR, framing: '' }],
    ['in the middle, without a length', { percent: 50, code: NGHTTP2_CANCEL, framing: '&chunked' }],
    // As if it had ended well, less the frame that ends it.
    ['in the middle, with NO_ERROR', { percent: 25, code: NGHTTP2_NO_ERROR, framing: '&chunked' }],
  ])('%s', (where, { percent, code, framing }) => {
    abortCell(`origin breaks off ${where}`, async (client) => {
      const held = bytesAt(percent);
      const path = rig.path(`/down?bytes=${SIZE}&hold=${held}${framing}`);
      const sent = client.request('GET', path);
      sent.body.end();
      const got = await readUpTo(sent, held);
      const sinceMs = performance.now();
      origin().reset(path, code);
      expect(await sent.ending).toMatchObject({ whole: false });
      expect(performance.now() - sinceMs).toBeLessThan(TOLD_MS);
      const record = await rig.outcome(pair, path);
      expect(record).toMatchObject({ event: 'error', status: 200 });
      expect(record.reason).toMatch(/^upstream: /);
      expect(bytesOf(await origin().ended(path)).res).toBe(shown(got));
      expect(recordedBytes(record)).toEqual({ req: 'none', res: shown(got) });
      return held;
    });
  });
});

/** Reads so many bytes of the answer or more, and goes on reading; gives those that came until then. */
async function readUpTo(sent: Sent, bytes: number): Promise<Tally> {
  const got = new Tally();
  const { status, body } = await sent.answer;
  expect(status).toBe(200);
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      got.push(chunk);
      if (got.bytes >= bytes) resolve();
    };
    body.on('data', onData);
    body.once('close', () => reject(new Error(`It ended after ${got.bytes} bytes`)));
    if (bytes === 0) resolve();
  });
  return got;
}
