import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FlowFields } from '../../../../src/shared/audit-event.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { MessageTap, type TapDeps } from '../../../../src/worker/websocket/message-tap.ts';
import { frame, messagesIn } from '../../../support/websocket-bytes.ts';

let records: FlowFields[] = [];

beforeEach(() => {
  records = [];
});

function tapOf(options: Partial<TapDeps> = {}): MessageTap {
  return new MessageTap({
    direction: 'client',
    limitBytes: 1024 * 1024,
    skip: null,
    deflate: null,
    load: { streams: 0, waitingBytes: 0 },
    mustCut: () => null,
    emit: (fields) => records.push(fields),
    now: () => 0,
    ...options,
  });
}

const GOOD = frame({ opcode: 1, payload: 'good' });
const huge = Buffer.from('82ff0080000000000000000000000000', 'hex');

describe('MessageTap, of bytes that are no frames', () => {
  const cases: readonly (readonly [name: string, bytes: Buffer, says: RegExp])[] = [
    [
      'a frame that is not masked',
      frame({ opcode: 1, payload: 'x', mask: null }),
      /MASK must be set/,
    ],
    ['a reserved bit', frame({ opcode: 1, reserved: 0x20, payload: 'x' }), /RSV2/],
    ['compression that nobody agreed on', frame({ opcode: 1, reserved: 0x40 }), /RSV1/],
    ['a reserved opcode', frame({ opcode: 3, payload: 'x' }), /invalid opcode 3/],
    ['a reserved control opcode', frame({ opcode: 11, payload: 'x' }), /invalid opcode 11/],
    ['a fragment of nothing', frame({ opcode: 0, payload: 'x' }), /invalid opcode 0/],
    ['a control frame in fragments', frame({ opcode: 9, fin: false }), /FIN must be set/],
    ['a long control frame', frame({ opcode: 9, payload: 'x'.repeat(126) }), /payload length/],
    ['a close frame of one byte', frame({ opcode: 8, payload: 'x' }), /payload length/],
    ['a length beyond all', huge, /length/],
    ['another protocol', Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'), /./],
    ['a request', Buffer.from('GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n'), /./],
  ];
  it.each(cases)('keeps %s as it is, and what follows, and says why', (_name, bytes, says) => {
    const tap = tapOf();
    const tail = randomBytes(100);
    for (const chunk of [GOOD, Buffer.concat([bytes, GOOD]), tail]) tap.push(chunk);
    tap.finish();
    const [good, rest, ...others] = messagesIn(records);
    expect(good?.payload.toString()).toBe('good');
    expect(rest?.payload.equals(Buffer.concat([bytes, GOOD, tail]))).toBe(true);
    expect(rest?.record).toMatchObject({ direction: 'client', bytes: bytes.length + 110 });
    expect(rest?.record.opcode).toBeUndefined();
    expect(rest?.record.reason).toMatch(/^undecodable: /);
    expect(rest?.record.reason).toMatch(says);
    expect(others).toEqual([]);
    expect(tap.atBoundary).toBe(false);
  });

  it('takes frames of a server only without mask', () => {
    const tap = tapOf({ direction: 'server' });
    tap.push(frame({ opcode: 1, payload: 'plain', mask: null }));
    tap.push(GOOD);
    tap.finish();
    expect(records.map(({ opcode, reason }) => opcode ?? reason)).toEqual([
      1,
      'undecodable: Invalid WebSocket frame: MASK must be clear',
    ]);
  });

  it('marks compression where a fragment or a control frame claims it', () => {
    for (const opcode of [0, 9]) {
      const tap = tapOf({ deflate: { takeover: true } });
      tap.push(frame({ opcode: 1, payload: 'a', fin: false }));
      tap.push(frame({ opcode, reserved: 0x40, payload: 'b' }));
      tap.finish();
    }
    expect(records.map(({ reason }) => reason)).toEqual([
      'unfinished',
      'undecodable: Invalid WebSocket frame: RSV1 must be clear',
      'unfinished',
      'undecodable: Invalid WebSocket frame: RSV1 must be clear',
    ]);
  });

  it('puts no byte on the record again while the other side goes on', () => {
    const tap = tapOf();
    tap.push(Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'));
    tap.finish();
    tap.sweep(LIMITS.partAfterMs);
    expect(records).toHaveLength(1);
  });

  it('keeps what follows a close frame, which is nobody’s message', () => {
    const tap = tapOf();
    tap.push(Buffer.concat([frame({ opcode: 8, payload: Buffer.from([3, 232]) }), GOOD]));
    tap.finish();
    expect(records).toMatchObject([
      { opcode: 8 },
      { bytes: GOOD.length, reason: 'undecodable: after the close frame' },
    ]);
  });

  it('says of a close frame with a code that may not be sent what it is', () => {
    const tap = tapOf();
    tap.push(Buffer.concat([frame({ opcode: 8, payload: Buffer.from([3, 237]) }), GOOD]));
    tap.finish();
    expect(records[0]).toMatchObject({ opcode: 8, bytes: 2 });
    expect(records[0]?.reason).toMatch(/invalid status code 1005/);
    expect(records[1]).toMatchObject({ bytes: GOOD.length });
  });

  it('ends a message that the end of the connection cuts, with all that came of it', () => {
    const bytes = Buffer.concat([GOOD, frame({ opcode: 2, payload: 'half of it' })]);
    const heads = [GOOD.length, GOOD.length + 4, GOOD.length + 6, GOOD.length + 8];
    const ends = heads.map((length) => {
      records = [];
      const tap = tapOf();
      tap.push(bytes.subarray(0, length));
      tap.finish();
      tap.finish();
      tap.push(GOOD);
      return records.slice(1).map(({ opcode, bytes: count, reason }) => [opcode, count, reason]);
    });
    expect(ends).toEqual([
      [],
      [[undefined, 4, 'unfinished']],
      [[2, 0, 'unfinished']],
      [[2, 2, 'unfinished']],
    ]);
  });

  it('ends control frames and compressed messages that are cut the same way', () => {
    const control = tapOf();
    control.push(frame({ opcode: 9, payload: 'ping' }).subarray(0, 8));
    control.finish();
    const compressed = tapOf({ deflate: { takeover: true } });
    compressed.push(frame({ opcode: 1, reserved: 0x40, payload: 'abcd' }).subarray(0, 9));
    compressed.finish();
    expect(records).toMatchObject([
      { opcode: 9, bytes: 2, body: 'pi', reason: 'unfinished' },
      { opcode: 1, bytes: 3, body: 'abc', compressed: true, reason: 'unfinished' },
    ]);
  });

  it('copies of endless garbage no more than of a message, and hashes all of it', () => {
    const tap = tapOf({ limitBytes: 100_000 });
    const chunk = Buffer.alloc(64 * 1024, 0xff);
    for (let n = 0; n < 20; n += 1) tap.push(chunk);
    tap.finish();
    const [rest] = messagesIn(records);
    expect(rest?.payload.length).toBe(100_000);
    expect(rest?.record).toMatchObject({ bytes: 20 * chunk.length, truncated: 'limit' });
    expect(rest?.record.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not throw where a record cannot be made', () => {
    let broken = true;
    const tap = tapOf({
      emit(fields) {
        if (broken) throw new Error('no pipe');
        records.push(fields);
      },
    });
    expect(() => tap.push(GOOD)).not.toThrow();
    broken = false;
    tap.push(GOOD);
    tap.finish();
    expect(records).toMatchObject([{ bytes: 2 * GOOD.length, reason: 'internal: no pipe' }]);
  });
});

describe('MessageTap, of much', () => {
  it('takes 400,000 small messages in a second or two, in records of 64 KiB', () => {
    const tap = tapOf({ direction: 'server' });
    const one = frame({ opcode: 1, payload: '{"delta":"word"}', mask: null });
    const chunk = Buffer.concat(Array.from({ length: 1000 }, () => one));
    const startMs = performance.now();
    for (let n = 0; n < 400; n += 1) tap.push(chunk);
    tap.finish();
    expect(records.length).toBeLessThan(LIMITS.webSocketRecordsPerSecond + 100);
    expect(records.reduce((sum, { messages = 1 }) => sum + messages, 0)).toBe(400_000);
    expect(performance.now() - startMs).toBeLessThan(8_000);
  });

  it('holds little of a message of 200,000 fragments, and of a frame that says it has a gigabyte', () => {
    const tap = tapOf();
    const before = process.memoryUsage();
    tap.push(frame({ opcode: 2, payload: 'x', fin: false }));
    const chunk = Buffer.concat(
      Array.from({ length: 10_000 }, () => frame({ opcode: 0, payload: 'x', fin: false })),
    );
    for (let n = 0; n < 20; n += 1) tap.push(chunk);
    const head = Buffer.from('00ff0000000040000000'.concat('00000000'), 'hex');
    tap.push(head);
    const zeros = Buffer.alloc(64 * 1024);
    for (let n = 0; n < 1000; n += 1) tap.push(zeros);
    const after = process.memoryUsage();
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    expect(grown).toBeLessThan(80 * 1024 * 1024);
    tap.finish();
    const [message] = messagesIn(records);
    expect(message?.record).toMatchObject({
      ...{ opcode: 2, bytes: 200_001 + 1000 * zeros.length },
      ...{ truncated: 'limit', reason: 'unfinished' },
    });
    expect(message?.payload.length).toBe(1024 * 1024);
  });
});
