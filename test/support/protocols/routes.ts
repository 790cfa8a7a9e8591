// What the origins of the matrix do with a request, whichever protocol it came by.

import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Call } from './call.ts';
import { type Tally, writeNumbered } from './tally.ts';

const BINARY = 'application/octet-stream';

/**
 * /get · /down?bytes=[&hold=][&chunked] (numbered bytes; after `hold` of them no more come) · /up (count
 * and hash) · /duplex (each chunk back as it comes) · /trailers (those of the request as the body, and its
 * own behind it) · /sse?events=&every=[&after=] · /stall (reads nothing, answers nothing).
 */
export function serve(call: Call): Promise<void> | void {
  const route = ROUTES[new URL(call.note.url, 'https://origin').pathname];
  if (route !== undefined) return route(call);
  call.head(404, {});
  call.answer.end();
}

const ROUTES: Readonly<Record<string, (call: Call) => Promise<void> | void>> = {
  '/get': get,
  '/down': down,
  '/up': up,
  '/duplex': duplex,
  '/trailers': trailers,
  '/sse': sse,
  '/stall': () => {},
};

function get(call: Call): void {
  call.body.resume();
  finish(call, 200, 'text/plain', 'hello from the origin\n');
}

async function down(call: Call): Promise<void> {
  const { note, query, answer, body } = call;
  body.resume();
  const bytes = Number(query.get('bytes'));
  const held = Number(query.get('hold') ?? bytes);
  const length = query.has('chunked') ? {} : { 'content-length': String(bytes) };
  call.head(200, { 'content-type': BINARY, ...length });
  await writeNumbered(answer, held, note.sent);
  if (held === bytes) answer.end();
}

async function up(call: Call): Promise<void> {
  const { received } = call.note;
  await read(call.body, received);
  const { bytes, sha256 } = received;
  finish(call, 200, 'application/json', JSON.stringify({ bytes, sha256 }));
}

async function duplex(call: Call): Promise<void> {
  const { note, answer, body } = call;
  call.head(200, { 'content-type': BINARY });
  await read(body, note.received, (chunk) => {
    note.sent.push(chunk);
    answer.write(chunk);
  });
  answer.end();
}

async function trailers(call: Call): Promise<void> {
  const { note, answer, body } = call;
  call.head(200, { 'content-type': 'application/json' }, () => ({ 'x-late': note.sent.sha256 }));
  await read(body, note.received);
  const text = Buffer.from(JSON.stringify(call.trailers()));
  note.sent.push(text);
  answer.write(text);
  answer.end();
}

async function sse(call: Call): Promise<void> {
  const { note, query, answer, body } = call;
  body.resume();
  const count = Number(query.get('events') ?? '3');
  const everyMs = Number(query.get('every') ?? '5');
  call.head(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  await pause(Number(query.get('after') ?? '0'));
  for (let n = 1; n <= count && !answer.destroyed; n += 1) {
    const event = Buffer.from(`data: ${JSON.stringify({ n, sent: performance.now() })}\n\n`);
    note.sent.push(event);
    answer.write(event);
    if (n < count) await pause(everyMs);
  }
  answer.end();
}

function finish(call: Call, status: number, type: string, text: string): void {
  const bytes = Buffer.from(text);
  call.note.sent.push(bytes);
  call.head(status, { 'content-type': type, 'content-length': String(bytes.length) });
  call.answer.end(bytes);
}

async function read(
  body: Readable,
  tally: Tally,
  each: (chunk: Buffer) => void = () => {},
): Promise<void> {
  for await (const chunk of body as AsyncIterable<Buffer>) {
    tally.push(chunk);
    each(chunk);
  }
}
