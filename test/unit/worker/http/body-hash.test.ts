import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyHash } from '../../../../src/worker/http/body-hash.ts';

describe('BodyHash', () => {
  it('is the SHA-256 of all chunks, asked as often as one likes, also in between', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 5 }),
        (chunks) => {
          const body = new BodyHash();
          const plain = createHash('sha256');
          for (const chunk of chunks) {
            body.update(Buffer.from(chunk));
            plain.update(chunk);
            expect(body.digest()).toBe(plain.copy().digest('hex'));
          }
          expect(body.digest()).toBe(chunks.length === 0 ? '' : plain.digest('hex'));
        },
      ),
    );
  });

  it('is the same for chunks of all sizes, small and large in any order', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 900, max: 5000 }));
    fc.assert(
      fc.property(fc.array(size, { minLength: 3, maxLength: 40 }), (sizes) => {
        const body = new BodyHash();
        const plain = createHash('sha256');
        for (const [n, length] of sizes.entries()) {
          const chunk = Buffer.alloc(length, `${n},`);
          body.update(chunk);
          plain.update(chunk);
        }
        const isEmpty = sizes.every((length) => length === 0);
        expect(body.digest()).toBe(isEmpty ? '' : plain.digest('hex'));
      }),
    );
  });

  it('goes on as before when it has let go of what it kept', () => {
    const body = new BodyHash();
    const chunk = Buffer.from('first');
    body.letGo();
    body.update(chunk);
    body.letGo();
    chunk.fill('x');
    body.update(Buffer.from('second'));
    expect(body.digest()).toBe(createHash('sha256').update('firstsecond').digest('hex'));
  });

  it('does not keep a large read buffer alive for a small view of it', () => {
    const body = new BodyHash();
    const read = Buffer.alloc(64 * 1024, 'a');
    body.update(read.subarray(0, 10));
    // What is kept would be read again.
    read.fill('b');
    expect(body.digest()).toBe(createHash('sha256').update('a'.repeat(10)).digest('hex'));
  });
});
