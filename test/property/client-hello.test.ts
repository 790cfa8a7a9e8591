import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClientHello, readClientHello } from '../../src/worker/tls/client-hello.ts';
import {
  buildMessage,
  ECH,
  extension,
  GREASE,
  serverName,
  toRecords,
} from '../support/build-hello.ts';

const name = fc.stringMatching(/^[a-zA-Z0-9_.-]{1,80}$/);
const other = fc
  .tuple(fc.integer({ min: 1, max: 0xffff }), fc.uint8Array({ maxLength: 64 }))
  .map(([type, content]) => extension(type, Buffer.from(content)));
const others = fc.array(fc.oneof(other, fc.constant(GREASE), fc.constant(ECH)), { maxLength: 6 });

/** A valid hello, cut into records of any size, and the name inside it. */
const hello = fc
  .record({
    name: fc.option(name),
    before: others,
    after: others,
    recordBytes: fc.integer({ min: 2, max: 700 }),
  })
  .map(({ name, before, after, recordBytes }) => {
    const own = name === null ? [] : [serverName(name)];
    const message = buildMessage({ extensions: [...before, ...own, ...after] });
    return { name, bytes: toRecords(message, recordBytes) };
  });

describe('readClientHello()', () => {
  it('finds the name of any valid hello, whatever its records', () => {
    fc.assert(
      fc.property(hello, ({ name, bytes }) => {
        expect(readClientHello(bytes)).toEqual({ done: true, serverName: name });
      }),
    );
  });

  it('needs more bytes for any prefix of a valid hello', () => {
    fc.assert(
      fc.property(hello, fc.nat(), ({ bytes }, cut) => {
        expect(readClientHello(bytes.subarray(0, cut % bytes.length))).toEqual({ done: false });
      }),
    );
  });

  it('never throws on a valid hello with changed, removed or added bytes', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 2));
    fc.assert(
      fc.property(hello, fc.array(change, { minLength: 1, maxLength: 5 }), ({ bytes }, changes) => {
        let changed = bytes;
        for (const [where, byte, drop] of changes) {
          const at = where % changed.length;
          const parts = [changed.subarray(0, at), Buffer.from([byte]), changed.subarray(at + drop)];
          changed = Buffer.concat(parts);
        }
        expectVerdict(readClientHello(changed));
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws on a valid prefix followed by anything', () => {
    fc.assert(
      fc.property(hello, fc.nat(), fc.uint8Array({ maxLength: 300 }), ({ bytes }, cut, tail) => {
        const prefix = bytes.subarray(0, cut % bytes.length);
        expectVerdict(readClientHello(Buffer.concat([prefix, tail])));
      }),
      { numRuns: 1000 },
    );
  });

  // Two readers of one stream must not disagree because one of them got it in smaller pieces.
  it('Invariant: a verdict does not change when more bytes arrive', () => {
    fc.assert(
      fc.property(hello, fc.nat(), fc.uint8Array({ maxLength: 60 }), ({ bytes }, cut, tail) => {
        const all = Buffer.concat([bytes.subarray(0, cut % (bytes.length + 1)), tail]);
        let verdict: ClientHello = { done: false };
        for (let length = 0; length <= all.length; length++) {
          const next = readClientHello(all.subarray(0, length));
          if ('done' in verdict && !verdict.done) verdict = next;
          else expect(next).toEqual(verdict);
        }
      }),
    );
  });
});

function expectVerdict(verdict: ClientHello): void {
  if ('problem' in verdict) expect(verdict.problem).not.toBe('');
  else if (verdict.done) expect(verdict.serverName ?? 'none').toMatch(/^[\x21-\x7e]{1,255}$/);
}
