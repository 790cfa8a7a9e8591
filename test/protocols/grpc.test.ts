// gRPC as agents use it: Google's own client and server, the client by the standard proxy variable.
// Every kind of call passes, and its status, which comes behind the body, is on the record.

import { readFile } from 'node:fs/promises';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { LogRecord } from '../support/leash-records.ts';
import {
  asIs,
  type GrpcServer,
  methodPath,
  startGrpcServer,
} from '../support/protocols/grpc-service.ts';
import { type Rig, startRig } from './rig.ts';

const NAME = 'grpc.origin.test';
/** In front of each message: a flag, and its length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX_BYTES = 5;

let rig: Rig;
let server: GrpcServer;
let client: Client;

beforeAll(async () => {
  rig = await startRig();
  server = await startGrpcServer(rig.certificate);
  vi.stubEnv('grpc_proxy', rig.leash.proxyUrl);
  for (const name of ['no_grpc_proxy', 'no_proxy']) vi.stubEnv(name, '');
  const trusted = await readFile(rig.leash.caFile);
  client = new Client(`${NAME}:${server.port}`, credentials.createSsl(trusted));
});
afterAll(async () => {
  client.close();
  server.close();
  vi.unstubAllEnvs();
  await rig.close();
});

let calls = 0;
/** Metadata with a value of its own, by which the record of the call is found. */
function tagged(): { readonly tag: string; readonly metadata: Metadata } {
  calls += 1;
  const tag = `call-${calls}`;
  const metadata = new Metadata();
  metadata.set('x-tag', tag);
  return { tag, metadata };
}

/** The last record of the call, which names both ends' protocol and the method. */
async function recordOf(name: string, tag: string): Promise<LogRecord> {
  const record = await rig.leash.waitForRecords(
    ({ event, req_headers }) => event !== 'intent' && fieldOf(req_headers, 'x-tag') === tag,
  );
  expect(record).toMatchObject({
    method: 'POST',
    url: `https://${NAME}:${server.port}${methodPath(name)}`,
    proto: 'h2',
  });
  expect(record).not.toHaveProperty('upstream_proto');
  expect(fieldOf(record.req_headers, 'content-type')).toBe('application/grpc');
  return record;
}

function fieldOf(pairs: readonly [string, string][] | undefined, name: string): string | undefined {
  return pairs?.find(([key]) => key === name)?.[1];
}

/** It went well, and the record has the messages' bytes, the status and the metadata behind them. */
function expectAllowed(record: LogRecord, tag: string, messages: Messages): void {
  const bytesOf = (list: readonly string[]) =>
    list.reduce((sum, text) => sum + PREFIX_BYTES + text.length, 0);
  expect(record).toMatchObject({
    event: 'allowed',
    status: 200,
    req_bytes: bytesOf(messages.sent),
    bytes: bytesOf(messages.got),
  });
  expect(fieldOf(record.res_trailers, 'grpc-status')).toBe('0');
  expect(fieldOf(record.res_trailers, 'x-tag')).toBe(tag);
}

type Messages = { readonly sent: readonly string[]; readonly got: readonly string[] };

type Unary = { readonly answer: string; readonly error: ServiceError | null };

function askUnary(name: string, metadata: Metadata, deadlineMs = 10_000): Promise<Unary> {
  const options = { deadline: Date.now() + deadlineMs };
  return new Promise((resolve) => {
    const message = Buffer.from('hello');
    const path = methodPath(name);
    client.makeUnaryRequest(path, asIs, asIs, message, metadata, options, (error, answer) =>
      resolve({ error, answer: String(answer ?? '') }),
    );
  });
}

it('a unary call passes, with metadata in front of its answer and behind it', async () => {
  const { tag, metadata } = tagged();
  const { answer, error } = await askUnary('Unary', metadata);
  expect({ answer, error }).toEqual({ answer: 're: hello', error: null });
  const record = await recordOf('Unary', tag);
  expectAllowed(record, tag, { sent: ['hello'], got: ['re: hello'] });
  expect(fieldOf(record.res_headers, 'x-tag')).toBe(tag);
  expect(fieldOf(record.req_headers, 'te')).toBe('trailers');
});

it('a stream of the server passes, message by message', async () => {
  const { tag, metadata } = tagged();
  const path = methodPath('Many');
  const call = client.makeServerStreamRequest(path, asIs, asIs, Buffer.from('50'), metadata);
  const got: string[] = [];
  for await (const message of call) got.push(String(message));
  expect(got).toEqual(Array.from({ length: 50 }, (_, n) => String(n + 1)));
  expectAllowed(await recordOf('Many', tag), tag, { sent: ['50'], got });
});

it('a stream of the client passes', async () => {
  const { tag, metadata } = tagged();
  const sent = Array.from({ length: 50 }, (_, n) => 'x'.repeat(n));
  const answer = await new Promise<Unary>((resolve) => {
    const call = client.makeClientStreamRequest(
      methodPath('Sum'),
      asIs,
      asIs,
      metadata,
      (error, value) => resolve({ error, answer: String(value ?? '') }),
    );
    for (const message of sent) call.write(Buffer.from(message));
    call.end();
  });
  expect(answer).toEqual({ error: null, answer: '1225' });
  expectAllowed(await recordOf('Sum', tag), tag, { sent, got: ['1225'] });
});

it('streams of both pass at once: the client waits for each answer before it goes on', async () => {
  const { tag, metadata } = tagged();
  const call = client.makeBidiStreamRequest(methodPath('Echo'), asIs, asIs, metadata);
  const back = call[Symbol.asyncIterator]();
  const sent = Array.from({ length: 20 }, (_, n) => `message ${n}`);
  for (const message of sent) {
    call.write(Buffer.from(message));
    expect(String((await back.next()).value)).toBe(message);
  }
  call.end();
  expect(await back.next()).toMatchObject({ done: true });
  expectAllowed(await recordOf('Echo', tag), tag, { sent, got: sent });
});

it('an error without a message reaches the client with its code, its text and its metadata', async () => {
  const { tag, metadata } = tagged();
  const { error } = await askUnary('Fails', metadata);
  expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no such thing' });
  expect(error?.metadata.get('x-tag')).toEqual([tag]);
  const record = await recordOf('Fails', tag);
  // The head of the answer is also its end: what stands in it are headers, not trailers.
  expect(record).toMatchObject({ event: 'allowed', status: 200 });
  expect(fieldOf(record.res_headers, 'grpc-status')).toBe(String(status.NOT_FOUND));
  expect(record).not.toHaveProperty('res_trailers');
});

it('a call whose time is up is given up at the server, too, with a record', async () => {
  const { tag, metadata } = tagged();
  const { error } = await askUnary('Never', metadata, 300);
  expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  await expect.poll(() => server.cancelled).toEqual([methodPath('Never')]);
  const record = await recordOf('Never', tag);
  expect(record).toMatchObject({ event: 'error', reason: expect.stringMatching(/^client: /) });
  expect(fieldOf(record.req_headers, 'grpc-timeout')).toMatch(/^\d+m$/);
  // Its session goes on.
  expect(await askUnary('Unary', tagged().metadata)).toMatchObject({ error: null });
});
