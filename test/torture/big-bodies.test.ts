// L-13: bodies far beyond the limit of a capture, in each framing, whole and cut off: the record has the
// first bytes, the length and the hash of all of them, and nobody's bytes were changed.

import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { joinBytes, type LogRecord } from '../support/leash-records.ts';
import { deterministicBytes } from '../support/origin-routes.ts';
import { type Leash, startLeash } from '../support/start-leash.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { report } from './report.ts';
import { scaled } from './scale.ts';

const MIB = 1024 * 1024;
const SIZE = scaled(20, 100) * MIB;
const LIMIT = 512 * 1024;
const ABORTED = Math.floor(SIZE * 0.37);
const FRAMINGS = ['plain', 'chunked', 'gzip'] as const;
type Framing = (typeof FRAMINGS)[number];

let origin: Origin;
let leash: Leash;
/** Length and hash of the last answer that the origin sent. */
let answered: Tally;
const counted = { bodies: 0, MiB: 0, 'as they were, on the record': 0 };
const sinceMs = performance.now();

beforeAll(async () => {
  origin = await startOrigin({ handler: answer });
  const env = { LEASH_CAPTURE: 'all', BODY_LIMIT_KB: String(LIMIT / 1024) };
  leash = await startLeash({ env });
});
afterAll(async () => {
  report({
    check: 'L-13',
    did: `bodies of ${SIZE / MIB} MB, up and down, plain, chunked, gzip, cut off at 37 %`,
    counted,
    sinceMs,
  });
  await leash.close();
  await origin.close();
});

/** Counts, hashes, and keeps what a capture may hold. */
class Tally {
  bytes = 0;
  readonly #hash: Hash = createHash('sha256');
  readonly #first: Buffer[] = [];
  push(chunk: Buffer): void {
    const room = LIMIT - this.bytes;
    if (room > 0) this.#first.push(chunk.subarray(0, room));
    this.bytes += chunk.length;
    this.#hash.update(chunk);
  }
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }
  get first(): Buffer {
    return Buffer.concat(this.#first);
  }
}

/** The body in one framing; each byte of it, as it goes over the wire, is counted. */
async function* body(framing: Framing, tally: Tally, length = SIZE): AsyncGenerator<Buffer> {
  const plain = Readable.from(deterministicBytes(length), { objectMode: false });
  const source = framing === 'gzip' ? plain.pipe(createGzip({ level: 1 })) : plain;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    tally.push(chunk);
    yield chunk;
  }
}

function headersOf(framing: Framing): Record<string, string> {
  const type = { 'content-type': 'application/octet-stream' };
  if (framing === 'plain') return { ...type, 'content-length': String(SIZE) };
  return framing === 'gzip' ? { ...type, 'content-encoding': 'gzip' } : type;
}

/** `/down/<framing>` sends, `/up` takes, `/dies` sends 37 % and hangs up. */
async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, route = '', framing = 'plain'] = (incoming.url ?? '').split('/');
  answered = new Tally();
  if (route === 'down') {
    response.writeHead(200, headersOf(framing as Framing));
    await pipeline(body(framing as Framing, answered), response);
  } else if (route === 'dies') {
    response.writeHead(200, headersOf('plain'));
    for await (const chunk of body('plain', answered, ABORTED)) {
      if (!response.write(chunk)) await once(response, 'drain');
    }
    // All of it has left before the connection ends.
    response.socket?.end();
  } else {
    await pipeline(incoming, async function drain(source: AsyncIterable<Buffer>) {
      for await (const _ of source);
    });
    response.writeHead(200, { 'content-length': '0' });
    response.end();
  }
}

function ask(method: string, path: string, headers: Record<string, string> = {}) {
  return request({
    method,
    host: '127.0.0.1',
    port: leash.proxyPort,
    path: `${origin.url}${path}`,
    headers: { host: `127.0.0.1:${origin.port}`, ...headers },
    agent: false,
  });
}

/** An answer that was cut off ends with an error, too, which `once` would throw. */
const closed = (response: IncomingMessage) =>
  new Promise<void>((resolve) => response.once('close', () => resolve()));

const outcomeOf = (path: string) =>
  leash.waitForRecords(
    ({ event, url }) => url === `${origin.url}${path}` && ['allowed', 'error'].includes(event),
    10_000,
  );

/** Holds one direction of a record against what went over the wire. */
async function expectRecorded(outcome: LogRecord, dir: 'req' | 'res', tally: Tally) {
  expect(outcome[dir === 'req' ? 'req_bytes' : 'bytes']).toBe(tally.bytes);
  expect(outcome[`${dir}_sha256`]).toBe(tally.sha256);
  expect(outcome[`${dir}_truncated`]).toBe('limit');
  const copy = joinBytes(await leash.records(), outcome, dir);
  expect(copy.length).toBe(LIMIT);
  expect(copy.equals(tally.first)).toBe(true);
  counted['as they were, on the record'] += 1;
}

function note(tally: Tally): void {
  counted.bodies += 1;
  counted.MiB += tally.bytes / MIB;
}

it.each(FRAMINGS)(
  `L-13: ${SIZE / MIB} MB down (%s) are on the record by length, hash and first bytes`,
  async (framing) => {
    const sent = ask('GET', `/down/${framing}`);
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const got = new Tally();
    for await (const chunk of response) got.push(chunk);
    const outcome = await outcomeOf(`/down/${framing}`);
    note(got);
    expect(got.sha256).toBe(answered.sha256);
    expect(outcome).toMatchObject({ event: 'allowed', status: 200 });
    await expectRecorded(outcome, 'res', answered);
  },
);

it.each(FRAMINGS)(
  `L-13: ${SIZE / MIB} MB up (%s) are on the record by length, hash and first bytes`,
  async (framing) => {
    const sent = ask('POST', `/up/${framing}`, headersOf(framing));
    const gave = new Tally();
    const [[response]] = (await Promise.all([
      once(sent, 'response'),
      pipeline(body(framing, gave), sent),
    ])) as [[IncomingMessage], undefined];
    response.resume();
    const outcome = await outcomeOf(`/up/${framing}`);
    note(gave);
    const received = origin.requests.find(({ url }) => url === `/up/${framing}`);
    expect(received).toMatchObject({ bytes: gave.bytes, sha256: gave.sha256, complete: true });
    expect(outcome).toMatchObject({ event: 'allowed', status: 200 });
    await expectRecorded(outcome, 'req', gave);
  },
);

it('L-13: of an upload that its client gives up at 37 % the record has what the origin got', async () => {
  const sent = ask('POST', '/up/given-up', headersOf('plain'));
  sent.on('error', () => {});
  const gave = new Tally();
  for await (const chunk of body('plain', gave, ABORTED)) {
    if (!sent.write(chunk)) await once(sent, 'drain');
  }
  const received = () => origin.requests.find(({ url }) => url === '/up/given-up')?.bytes;
  await waitFor(() => received() === ABORTED, { what: 'the bytes to arrive', timeoutMs: 20_000 });
  sent.destroy();
  const outcome = await outcomeOf('/up/given-up');
  note(gave);
  expect(outcome).toMatchObject({ event: 'error' });
  await expectRecorded(outcome, 'req', gave);
});

it('L-13: of an answer that its origin breaks off at 37 % the record has what the client got', async () => {
  const sent = ask('GET', '/dies');
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const got = new Tally();
  response.on('data', (chunk: Buffer) => got.push(chunk));
  response.on('error', () => {});
  await closed(response);
  const outcome = await outcomeOf('/dies');
  note(got);
  expect(response.complete).toBe(false);
  expect(got).toMatchObject({ bytes: ABORTED, sha256: answered.sha256 });
  expect(outcome).toMatchObject({ event: 'error' });
  await expectRecorded(outcome, 'res', answered);
});

it('L-13: of a download that its client gives up at 37 % the record has no byte less than it got', async () => {
  const sent = ask('GET', '/down/plain?given-up');
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const got = new Tally();
  response.on('error', () => {});
  response.on('data', (chunk: Buffer) => {
    got.push(chunk);
    if (got.bytes >= ABORTED) response.destroy();
  });
  await closed(response);
  const outcome = await outcomeOf('/down/plain?given-up');
  note(got);
  expect(outcome).toMatchObject({ event: 'error', res_truncated: 'limit' });
  expect(outcome.bytes).toBeGreaterThanOrEqual(ABORTED);
  expect(outcome.bytes).toBeLessThanOrEqual(answered.bytes);
  counted['as they were, on the record'] += 1;
});
