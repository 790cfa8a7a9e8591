// Compressed bodies on their way: the client and the server get the wire's bytes, the record a copy
// that can be read.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FlowFields } from '../../src/shared/audit-event.ts';
import { LIMITS } from '../../src/shared/limits.ts';
import { gzipMember } from '../support/hidden-bytes.ts';
import { connectThrough, readUntil } from '../support/raw.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { sampleText, ZSTD_SAMPLES, zstdFrame } from '../support/zstd-samples.ts';

const SHORT = sampleText(3000);
const LONG = Buffer.from(Array.from({ length: 60_000 }, (_, n) => `${n * 7919}\n`).join(''));
const BODIES: readonly [coding: string, length: string, text: Buffer, wire: Buffer][] = [
  ['gzip', 'short', SHORT, zlib.gzipSync(SHORT)],
  ['gzip', 'long', LONG, zlib.gzipSync(LONG)],
  ['deflate', 'short', SHORT, zlib.deflateSync(SHORT)],
  ['deflate', 'long', LONG, zlib.deflateRawSync(LONG)],
  ['br', 'short', SHORT, zlib.brotliCompressSync(SHORT)],
  ['br', 'long', LONG, zlib.brotliCompressSync(LONG)],
  ['zstd', 'short', SHORT, ZSTD_SAMPLES[1]?.coded ?? Buffer.alloc(0)],
  ['zstd', 'long', sampleText(160_000), ZSTD_SAMPLES[2]?.coded ?? Buffer.alloc(0)],
];

let origin: Origin;
let proxy: TestProxy;
let dir: TempDir;
/** Gives the rest of a stream to the client. */
let goOn: () => void = () => {};

beforeAll(async () => {
  dir = await tempDir();
  origin = await startOrigin({
    handler(request, response) {
      const [, route = '', name = ''] = (request.url ?? '').split('/');
      const body = BODIES[Number(name)];
      const type = { 'content-type': 'application/json' };
      if (route === 'body' && body !== undefined) {
        response.writeHead(200, { ...type, 'content-encoding': body[0] });
        response.end(body[3]);
      } else if (route === 'cut' && body !== undefined) {
        const { length } = body[3];
        response.writeHead(200, { ...type, 'content-encoding': body[0], 'content-length': length });
        response.write(body[3].subarray(0, length / 2), () => response.socket?.destroy());
      } else if (route === 'stream') {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': name });
        streamEvents(name, (chunk, isLast) =>
          isLast ? response.end(chunk) : response.write(chunk),
        );
      } else {
        request.resume();
        request.once('end', () => response.end('ok'));
      }
    },
  });
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy.close();
  await origin.close();
  await dir.close();
});
beforeEach(async () => {
  await proxy.forget();
  origin.requests.length = 0;
});

/** Two events, each flushed; the second one waits for `goOn`. */
function streamEvents(coding: string, send: (chunk: Buffer, isLast: boolean) => void): void {
  const [first, second] = [Buffer.from('data: 1\n\n'), Buffer.from('data: 2\n\n')];
  if (coding === 'zstd') {
    send(zstdFrame([first], { isOpen: true }), false);
    goOn = () => send(zstdFrame([second]).subarray(6), true);
    return;
  }
  const coder = coding === 'br' ? zlib.createBrotliCompress() : zlib.createGzip();
  coder.write(first);
  coder.flush(() => send(coder.read(), false));
  goOn = () => {
    coder.end(second);
    coder.once('end', () => send(Buffer.alloc(0), true));
    coder.on('data', (chunk: Buffer) => send(chunk, false));
  };
}

/** The copy of one direction, from the parts and the last record. */
function copyOf(fields: FlowFields, side: 'req' | 'res'): Buffer {
  const parts = proxy.link.records.filter(
    (record) => record.event === 'part' && record.fields.dir === side,
  );
  expect(parts).toHaveLength(fields[`${side}_parts`] ?? 0);
  const pieces = parts.map(({ fields: { body, encoding } }) => Buffer.from(body ?? '', encoding));
  return Buffer.concat([
    ...pieces,
    Buffer.from(fields[`${side}_body`] ?? '', fields[`${side}_encoding`]),
  ]);
}

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const rows = BODIES.map((body, index) => [...body, index] as const);

describe('compressed bodies', () => {
  it.each(rows)('a %s answer (%s) is on the record as text', async (...row) => {
    const [coding, , text, wire, index] = row;
    const file = join(dir.path, 'answer');
    await proxy.curl('-o', file, '-w', '%{size_download}', `${origin.url}/body/${index}`);
    const [outcome] = await proxy.ended(1);
    const fields = outcome?.fields ?? {};
    expect(copyOf(fields, 'res').equals(text)).toBe(true);
    expect(fields).toMatchObject({
      status: 200,
      bytes: wire.length,
      res_decoded: coding,
      res_sha256: sha256(wire),
    });
    expect(fields.res_truncated).toBeUndefined();
  });

  it.each(rows)('a %s upload (%s) is on the record as text', async (...row) => {
    const [coding, , text, wire] = row;
    const file = join(dir.path, 'upload');
    await writeFile(file, wire);
    const header = `Content-Encoding: ${coding.toUpperCase()}`;
    await proxy.curl('-H', header, '--data-binary', `@${file}`, `${origin.url}/upload`);
    const [outcome] = await proxy.ended(1);
    const fields = outcome?.fields ?? {};
    expect(copyOf(fields, 'req').equals(text)).toBe(true);
    expect(fields).toMatchObject({
      req_bytes: wire.length,
      req_decoded: coding,
      req_sha256: sha256(wire),
    });
    // The server has what the client sent.
    expect(origin.requests[0]).toMatchObject({ bytes: wire.length, sha256: sha256(wire) });
  });

  it('a coded upload that hides bytes between its content is there as it was on the wire', async () => {
    const file = join(dir.path, 'hidden');
    const comment = gzipMember('', 16, 'sk-secret-of-an-agent\0');
    const wire = Buffer.concat([gzipMember(SHORT), comment, gzipMember(SHORT)]);
    await writeFile(file, wire);
    const header = 'Content-Encoding: gzip';
    await proxy.curl('-H', header, '--data-binary', `@${file}`, `${origin.url}/upload`);
    const [outcome] = await proxy.ended(1);
    const fields = outcome?.fields ?? {};
    expect(fields.req_decoded).toBeUndefined();
    expect(copyOf(fields, 'req').equals(wire)).toBe(true);
    expect(origin.requests.at(-1)).toMatchObject({ bytes: wire.length, sha256: sha256(wire) });
  });

  it.each(rows)('a %s answer (%s) that is cut off is there as far as it went', async (...row) => {
    const [coding, , text, wire, index] = row;
    const result = await proxy.curl(`${origin.url}/cut/${index}`);
    expect(result.code).toBe(18);
    const [outcome] = await proxy.ended(1);
    expect(outcome?.event).toBe('error');
    const copy = copyOf(outcome?.fields ?? {}, 'res');
    // Of zstd, not even the first block is whole: the record has the wire's bytes.
    const isWire = coding === 'zstd';
    expect(outcome?.fields.res_decoded).toBe(isWire ? undefined : coding);
    expect(copy.length).toBeGreaterThan(100);
    expect((isWire ? wire : text).subarray(0, copy.length).equals(copy)).toBe(true);
  });

  it.each(['gzip', 'br', 'zstd'])(
    'each event of a %s stream is on the record while it runs',
    async (coding) => {
      const { socket } = await connectThrough(proxy.port, `127.0.0.1:${origin.port}`);
      socket.write(`GET /stream/${coding} HTTP/1.1\r\nHost: 127.0.0.1:${origin.port}\r\n\r\n`);
      await readUntil(socket, { until: (text) => /\r\n\r\n.+\r\n/s.test(text) });
      const parts = () => proxy.link.records.filter(({ event }) => event === 'part');
      // The timer of the worker, ten seconds later.
      const sweep = () => {
        for (const capture of proxy.deps.captures) {
          capture.sweep(proxy.deps.now() + LIMITS.partAfterMs);
        }
        return parts().length > 0;
      };
      await waitFor(sweep, { what: 'a part', everyMs: 5 });
      expect(parts().map(({ fields }) => fields.body)).toEqual(['data: 1\n\n']);
      goOn();
      const ended = () => proxy.link.records.find(({ event }) => event === 'allowed');
      const outcome = await waitFor(() => ended() ?? false, { what: 'the end', everyMs: 5 });
      expect(outcome.fields).toMatchObject({ res_decoded: coding, res_parts: 2 });
      expect(copyOf(outcome.fields, 'res').toString()).toBe('data: 1\n\ndata: 2\n\n');
      socket.destroy();
    },
  );

  it('with LEASH_CAPTURE=all the copy is bit for bit what was on the wire', async () => {
    const all = await startProxy({ env: { LEASH_CAPTURE: 'all' } });
    try {
      await all.curl(`${origin.url}/body/0`);
      const [outcome] = await all.ended(1);
      const { res_body = '', res_encoding, res_decoded } = outcome?.fields ?? {};
      expect(Buffer.from(res_body, res_encoding).equals(BODIES[0]?.[3] ?? Buffer.alloc(0))).toBe(
        true,
      );
      expect(res_decoded).toBeUndefined();
    } finally {
      await all.close();
    }
  });
});
