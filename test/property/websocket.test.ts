import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowFields } from '../../src/shared/audit-event.ts';
import { MessageTap } from '../../src/worker/websocket/message-tap.ts';
import { bytesOf, messagesIn, type Sent } from '../support/websocket-bytes.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
// Few words, so that what is compressed refers to what was said before.
const words = fc
  .array(fc.constantFrom('delta', '{"a":1}', 'ünï', '\0\u2028', 'x'.repeat(200)), { maxLength: 9 })
  .map((each) => Buffer.from(each.join(' ')));
const big = fc.integer({ min: 60_000, max: 200_000 }).map((size) => Buffer.alloc(size, 'big ü'));
const fragments = fc.array(fc.oneof({ weight: 9, arbitrary: fc.oneof(words, bytes) }, big), {
  ...{ minLength: 1, maxLength: 4 },
});
const message: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({ kind: fc.constantFrom('text' as const, 'binary' as const), fragments }),
  fc.record({
    kind: fc.constantFrom('ping' as const, 'pong' as const),
    data: fc.uint8Array({ maxLength: 125 }).map((each) => Buffer.from(each)),
  }),
);
const options = fc.record({
  side: fc.constantFrom('client' as const, 'server' as const),
  takeover: fc.constantFrom(true, false, null),
});
const cuts = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70_000 })),
);

function recordsOf(
  wire: Buffer,
  sizes: readonly number[],
  { side, takeover }: { side: 'client' | 'server'; takeover: boolean | null },
): { records: FlowFields[]; tap: MessageTap } {
  const records: FlowFields[] = [];
  const tap = new MessageTap({
    ...{ direction: side, limitBytes: 1024 * 1024, skip: null },
    deflate: takeover === null ? null : { takeover },
    ...{ load: { streams: 0, waitingBytes: 0 }, mustCut: () => null, now: () => 0 },
    emit: (fields) => records.push(fields),
  });
  let at = 0;
  while (at < wire.length) {
    const size = sizes.length === 0 ? wire.length : (sizes[records.length % sizes.length] ?? 1);
    tap.push(wire.subarray(at, at + Math.max(size, Math.ceil(wire.length / 2000))));
    at += Math.max(size, Math.ceil(wire.length / 2000));
  }
  return { records, tap };
}

describe('MessageTap', () => {
  it('has in the record exactly the messages that were sent, for any way of cutting the bytes', async () => {
    const property = fc.asyncProperty(
      fc.array(message, { maxLength: 12 }),
      options,
      cuts,
      async (sent, option, sizes) => {
        const { side, takeover } = option;
        const wire = await bytesOf(
          { side, ...(takeover !== null && { deflate: { takeover } }) },
          sent,
        );
        const before = Buffer.from(wire);
        const { records, tap } = recordsOf(wire, sizes, option);
        expect(tap.atBoundary).toBe(true);
        tap.finish();
        expect(wire.equals(before)).toBe(true);
        const seen = messagesIn(records);
        expect(seen.map(({ opcode }) => opcode)).toEqual(sent.map(opcodeOf));
        for (const [index, { payload, record }] of seen.entries()) {
          expect(payload.equals(payloadOf(sent[index]!))).toBe(true);
          expect(record.reason ?? record.truncated ?? record.compressed).toBeUndefined();
        }
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('never throws, and accounts for every byte, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 })),
        options,
        fc.boolean(),
        (chunks, option, damaged) => {
          const start = damaged ? [Buffer.from('818500000000', 'hex'), Buffer.from('hello')] : [];
          const wire = Buffer.concat([...start, ...chunks]);
          const { records, tap } = recordsOf(wire, [7], option);
          tap.finish();
          for (const { record, payload } of messagesIn(records)) {
            if (record.decoded !== undefined || record.code !== undefined) continue;
            expect(payload.length).toBe(record.bytes);
          }
          const rest = records.filter(({ opcode, more }) => opcode === undefined && more !== true);
          expect(rest.length).toBeLessThanOrEqual(1);
          const tail = rest[0]?.bytes ?? 0;
          const kept = messagesIn(records).find((each) => each.opcode === 0)?.payload;
          if (kept !== undefined) expect(kept.equals(wire.subarray(wire.length - tail))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function opcodeOf({ kind }: Sent): number {
  return { text: 1, binary: 2, close: 8, ping: 9, pong: 10 }[kind];
}

function payloadOf(sent: Sent): Buffer {
  if ('fragments' in sent) return Buffer.concat(sent.fragments);
  return 'data' in sent ? sent.data : Buffer.alloc(0);
}
