// What the test origin answers. Each route is a plain handler; `startOrigin` may be given others.

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/**
 * /echo (method, url, headers as JSON; POST: the body's bytes) · /bytes/N · /sse?n=&every= ·
 * /die-mid-body · /status/NNN · /upload (count and hash of the body as JSON) · else 404.
 */
export const originRoutes: Handler = (request, response) => {
  const url = new URL(request.url ?? '/', 'http://origin');
  const [, route = '', argument = ''] = url.pathname.split('/');
  const handler = ROUTES[route];
  if (handler === undefined) return answer(response, 404, 'no such route\n');
  return handler({ request, response, argument, query: url.searchParams });
};

/** N bytes that look random and are the same each time, so that a test knows their hash. */
export function* deterministicBytes(length: number): Generator<Buffer> {
  for (let sent = 0; sent < length; sent += BLOCK.length) {
    yield length - sent < BLOCK.length ? BLOCK.subarray(0, length - sent) : BLOCK;
  }
}

/** SHA-256 in hex of what `/bytes/N` sends. */
export function hashOfBytes(length: number): string {
  const hash = createHash('sha256');
  for (const chunk of deterministicBytes(length)) hash.update(chunk);
  return hash.digest('hex');
}

type Call = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly argument: string;
  readonly query: URLSearchParams;
};

const BLOCK = randomLookingBlock(64 * 1024);

const ROUTES: Readonly<Record<string, (call: Call) => void | Promise<void>>> = {
  echo,
  bytes,
  sse,
  'die-mid-body': dieMidBody,
  status: ({ response, argument }) => answer(response, Number(argument) || 400, `${argument}\n`),
  upload,
};

async function echo({ request, response }: Call): Promise<void> {
  if (request.method === 'POST') {
    const type = request.headers['content-type'] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type });
    await pipeline(request, response);
    return;
  }
  const { method, url, headers } = request;
  answer(response, 200, JSON.stringify({ method, url, headers }), 'application/json');
}

async function bytes({ response, argument }: Call): Promise<void> {
  const length = Number(argument);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': String(length),
  });
  await pipeline(Readable.from(deterministicBytes(length)), response);
}

async function sse({ response, query }: Call): Promise<void> {
  const count = Number(query.get('n') ?? '3');
  const everyMs = Number(query.get('every') ?? '10');
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for (let n = 1; n <= count && !response.destroyed; n += 1) {
    // Milliseconds since 1970 with a fraction: a test measures what the proxy adds.
    const sent = performance.timeOrigin + performance.now();
    response.write(`data: ${JSON.stringify({ n, sent })}\n\n`);
    if (n < count) await pause(everyMs);
  }
  response.end();
}

function dieMidBody({ response }: Call): void {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
  response.write('half of it', () => response.socket?.destroy());
}

async function upload({ request, response }: Call): Promise<void> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    length += chunk.length;
  }
  const text = JSON.stringify({ bytes: length, sha256: hash.digest('hex') });
  answer(response, 200, text, 'application/json');
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  const empty = status === 204 || status === 304;
  response.writeHead(status, empty ? {} : { 'content-type': type });
  response.end(empty ? undefined : text);
}

/** xorshift32: enough to be incompressible, and the same on every machine. */
function randomLookingBlock(length: number): Buffer {
  const block = Buffer.alloc(length);
  let state = 0x9e3779b9;
  for (let at = 0; at < length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block.writeInt32LE(state | 0, at);
  }
  return block;
}
