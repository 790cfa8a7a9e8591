// A body of leash's own on its way to clients that read slowly, or not at all.

import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { writeInPieces } from '../../../../src/worker/http/own-body.ts';

const BODY = Buffer.alloc(220_000, 'leash');

/** Takes a piece when it is told to. */
function slowReader() {
  const read: Buffer[] = [];
  let take: (() => void) | null = null;
  const stream = new Writable({
    highWaterMark: 16_384,
    write(chunk: Buffer, _, done) {
      take = () => {
        read.push(chunk);
        done();
      };
    },
  });
  return { stream, read, takeOne: () => take?.() };
}

it('one that does not read holds one piece of it, and one that reads slowly gets it whole', async () => {
  const { stream, read, takeOne } = slowReader();
  writeInPieces(stream, BODY, (rest) => stream.end(rest));
  let most = 0;
  const ended = new Promise((resolve) => stream.once('finish', resolve));
  for (let n = 0; n < 1000 && !stream.writableFinished; n += 1) {
    most = Math.max(most, stream.writableLength);
    takeOne();
    await new Promise(setImmediate);
  }
  await ended;
  expect(most).toBeLessThanOrEqual(16_384);
  expect(Buffer.concat(read).equals(BODY)).toBe(true);
});

it('nothing comes behind a client that has gone, and a short body goes at once', () => {
  const { stream } = slowReader();
  let ends = 0;
  writeInPieces(stream, BODY, () => {
    ends += 1;
  });
  stream.destroy();
  stream.emit('drain');
  expect(ends).toBe(0);
  writeInPieces(stream, 'refused', (rest) => {
    expect(rest).toBe('refused');
    ends += 1;
  });
  expect(ends).toBe(1);
});
