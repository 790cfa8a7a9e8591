import { PassThrough, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Capture } from '../../../../src/worker/http/capture.ts';
import { relayBody } from '../../../../src/worker/http/relay-body.ts';

// Invariant: a tap never delays, changes or reorders a client's bytes.
describe('relayBody()', () => {
  it('hands a chunk on before the tap sees it', () => {
    const order: string[] = [];
    const source = new PassThrough();
    const sink = new Writable({
      write(chunk, _encoding, done) {
        order.push(`sink ${chunk[0]} ${chunk.length}`);
        done();
      },
    });
    relayBody(source, sink, { push: (chunk) => order.push(`tap ${chunk[0]} ${chunk.length}`) });
    source.emit('data', Buffer.alloc(1024, 1));
    source.emit('data', Buffer.alloc(2000, 2));
    expect(order).toEqual(['sink 1 1024', 'tap 1 1024', 'sink 2 2000', 'tap 2 2000']);
  });

  it('joins the tiny chunks of one turn, in their place between others and before its end', async () => {
    const sizes: number[] = [];
    const source = new PassThrough();
    const sink = new Writable({
      write(chunk, _encoding, done) {
        sizes.push(chunk.length);
        done();
      },
    });
    relayBody(source, sink, { push() {} });
    for (const size of [1, 1, 2000, 1, 1, 1]) source.emit('data', Buffer.alloc(size));
    expect(sizes).toEqual([2, 2000]);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect(sizes).toEqual([2, 2000, 3]);
    source.emit('data', Buffer.alloc(5));
    source.emit('end');
    expect(sizes).toEqual([2, 2000, 3, 5]);
    expect(sink.writableEnded).toBe(true);
  });

  it('passes every byte on in order, whatever the tap does with its copy', async () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        chunks,
        fc.integer({ min: 0, max: 5000 }),
        fc.boolean(),
        async (list, limitBytes, congested) => {
          const capture = new Capture({
            dir: 'res',
            limitBytes,
            coding: null,
            decoderLoad: { streams: 0, waitingBytes: 0 },
            skip: null,
            mustCut: () => (congested ? 'backpressure' : null),
            emitPart() {},
            now: () => 0,
          });
          const received: Buffer[] = [];
          const sink = new Writable({
            highWaterMark: 1000,
            write(chunk, _encoding, done) {
              received.push(chunk);
              setImmediate(done);
            },
          });
          const body = Buffer.concat(list);
          relayBody(Readable.from(list.map((chunk) => Buffer.from(chunk))), sink, capture);
          await finished(sink);
          expect(Buffer.concat(received).equals(body)).toBe(true);
          expect(capture.bytes).toBe(body.length);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reads no further while the sink is full', async () => {
    let release = () => {};
    const sink = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        release = done;
      },
    });
    const source = new PassThrough({ highWaterMark: 1 });
    let seen = 0;
    relayBody(source, sink, { push: () => (seen += 1) });
    source.write(Buffer.alloc(2000));
    source.write(Buffer.alloc(2000));
    await new Promise((resolve) => setImmediate(resolve));
    expect({ seen, paused: source.isPaused() }).toEqual({ seen: 1, paused: true });
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toBe(2);
  });
});
