import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FlowFields, Truncation } from '../../../../src/shared/audit-event.ts';
import { formatMembers } from '../../../../src/shared/audit-line.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { FrameWalker } from '../../../../src/worker/websocket/frame-walker.ts';
import { MessageTap, type TapDeps } from '../../../../src/worker/websocket/message-tap.ts';
import { checkRecord } from '../../../support/check-record.ts';
import { bytesOf, frame, messagesIn } from '../../../support/websocket-bytes.ts';

const OWN = LIMITS.webSocketRecordsPerSecond;
const HELD = LIMITS.captureHeldBytes;
const state = { records: [] as FlowFields[], cut: null as Truncation | null, nowMs: 0 };

beforeEach(() => {
  state.records = [];
  state.cut = null;
  state.nowMs = 5_000;
});

function tapOf(options: Partial<TapDeps> = {}): MessageTap {
  return new MessageTap({
    direction: 'client',
    limitBytes: 1024 * 1024,
    skip: null,
    deflate: null,
    load: { streams: 0, waitingBytes: 0 },
    mustCut: () => state.cut,
    emit: (fields) => state.records.push(fields),
    now: () => state.nowMs,
    ...options,
  });
}

/** A tap whose messages have no record of their own any more in this second. */
function floodedTap(options: Partial<TapDeps> = {}): MessageTap {
  state.records = [];
  const tap = tapOf(options);
  tap.push(many(OWN, frame({ opcode: 1, payload: 'x' })));
  expect(state.records).toHaveLength(OWN);
  state.records = [];
  return tap;
}

/** The records so far, each held against the schema. */
function checked(): FlowFields[] {
  const stamp = `{"seq":1,"prev":"${'0'.repeat(64)}","ts":1,"event":"websocket","id":"1-1-1","worker":1`;
  for (const fields of state.records) {
    expect(checkRecord(JSON.parse(`${stamp},${formatMembers(fields)}}`))).toEqual([]);
  }
  return state.records;
}

const many = (count: number, one: Buffer) =>
  Buffer.concat(Array.from({ length: count }, () => one));
const text = (payload: string) => frame({ opcode: 1, payload });
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const CLIENT = { direction: 'client' } as const;

describe('MessageTap, of messages that come too fast for a record each', () => {
  // Invariant: of messages that share a record all is kept up to the limit of a copy, but where each ends.
  it('gives them one record, with their number and all that they say', () => {
    const tap = floodedTap();
    tap.push(Buffer.concat([text('ab'), frame({ opcode: 9, payload: '?' }), text(''), text('ü')]));
    tap.finish();
    expect(checked()).toEqual([{ ...CLIENT, messages: 4, bytes: 5, body: 'ab?ü' }]);
  });

  it('takes in fragments, and what is no text', () => {
    const tap = floodedTap();
    tap.push(frame({ opcode: 2, payload: Buffer.from([0xff]), fin: false }));
    tap.push(frame({ opcode: 10, payload: 'p' }));
    tap.push(frame({ opcode: 0, payload: Buffer.from([0xfe]) }));
    tap.finish();
    expect(checked()).toEqual([
      { ...CLIENT, messages: 2, bytes: 3, body: 'cP/+', encoding: 'base64' },
    ]);
  });

  it('puts 64 KiB of them on the record at a time, and nothing is cut', () => {
    const tap = floodedTap();
    tap.push(many(50_000, text('0123')));
    tap.finish();
    const records = checked();
    expect(records).toHaveLength(4);
    expect(records.map(({ body }) => body).join('')).toBe('0123'.repeat(50_000));
    expect(records.reduce((sum, { messages = 0 }) => sum + messages, 0)).toBe(50_000);
    for (const { truncated } of records) expect(truncated).toBeUndefined();
  });

  it('begins anew a second later, also where nothing more comes', () => {
    const tap = floodedTap();
    tap.push(text('late'));
    state.nowMs += 999;
    tap.sweep(state.nowMs);
    expect(state.records).toEqual([]);
    state.nowMs += 1;
    tap.sweep(state.nowMs);
    expect(state.records).toEqual([{ ...CLIENT, messages: 1, bytes: 4, body: 'late' }]);
    tap.push(text('alone'));
    expect(checked().at(-1)).toEqual({ ...CLIENT, opcode: 1, bytes: 5, body: 'alone' });
  });

  it('begins anew with the next message, in order, and when the clock was set back', () => {
    for (const stepMs of [1000, -3_600_000]) {
      state.records = [];
      const tap = floodedTap();
      tap.push(text('shared'));
      state.nowMs += stepMs;
      tap.push(text('own'));
      expect(checked().map(({ messages, body }) => [messages, body])).toEqual([
        [1, 'shared'],
        [undefined, 'own'],
      ]);
    }
  });

  it('gives a long one, a slow one and one that is not whole its own record, in order', () => {
    const long = 'long '.repeat(HELD / 4);
    const tap = floodedTap();
    tap.push(Buffer.concat([text('a'), text(long), text('b')]));
    tap.push(frame({ opcode: 1, payload: 'slow, ', fin: false }));
    tap.sweep(state.nowMs + LIMITS.partAfterMs - 1);
    state.nowMs += LIMITS.partAfterMs;
    tap.push(frame({ opcode: 0, payload: 'whole' }));
    state.nowMs = 5_000;
    tap.push(Buffer.concat([many(OWN, text('x')), text('c'), text('unfinished').subarray(0, -2)]));
    tap.finish();
    const seen = messagesIn(checked()).filter(({ payload }) => payload.toString() !== 'x');
    expect(
      seen.map(({ opcode, payload, record }) => [opcode, `${payload}`, record.reason]),
    ).toEqual([
      [0, 'a', undefined],
      [1, long, undefined],
      [0, 'b', undefined],
      [1, 'slow, whole', undefined],
      [0, 'c', undefined],
      [1, 'unfinish', 'unfinished'],
    ]);
  });

  it('keeps the close frame, its code, and what is no frame apart', () => {
    const closing = frame({ opcode: 8, payload: Buffer.from([3, 232]) });
    for (const last of [closing, frame({ opcode: 3, payload: 'x' })]) {
      const tap = floodedTap();
      tap.push(Buffer.concat([text('a'), last]));
      tap.finish();
      const [shared, other, ...more] = checked();
      expect(shared).toEqual({ ...CLIENT, messages: 1, bytes: 1, body: 'a' });
      expect(other?.code ?? other?.reason).toEqual(
        last === closing ? 1000 : expect.stringMatching(/invalid opcode 3/),
      );
      expect(more).toEqual([]);
      state.records = [];
    }
  });

  it('are on the record before what is no frame, however long that is', () => {
    const tap = floodedTap();
    tap.push(text('a'));
    const garbage = Buffer.alloc(3 * HELD, 0x83);
    tap.push(garbage);
    tap.finish();
    const [shared, rest] = messagesIn(checked());
    expect(shared?.record).toEqual({ ...CLIENT, messages: 1, bytes: 1, body: 'a' });
    expect(rest?.payload.equals(garbage)).toBe(true);
  });

  it('says what compressed ones said, and the hash of the wire', async () => {
    const sent = Array.from({ length: OWN + 3 }, (_, n) => ({
      kind: 'text' as const,
      fragments: [Buffer.from(`said ${n % 10};`)],
    }));
    const options = { side: 'client', deflate: { takeover: true } } as const;
    const all = await bytesOf(options, sent);
    const before = (await bytesOf(options, sent.slice(0, OWN))).length;
    const tap = tapOf({ deflate: { takeover: true } });
    tap.push(all);
    // Damaged: it stays as it is, and says so.
    tap.push(frame({ opcode: 1, reserved: 0x40, payload: Buffer.from([7, 7]) }));
    tap.push(text('plain'));
    tap.finish();
    const shared = checked().at(-1);
    const wire = payloadsOf(all.subarray(before));
    expect(state.records).toHaveLength(OWN + 1);
    expect(shared).toMatchObject({ messages: 5, decoded: 'deflate', compressed: true });
    expect(shared?.body).toBe('said 0;said 1;said 2;\x07\x07plain');
    const payloads = Buffer.concat([wire, Buffer.from('\x07\x07plain')]);
    expect(shared?.sha256).toBe(sha256(payloads));
    expect(shared?.bytes).toBe(payloads.length);
    const next = floodedTap({ deflate: { takeover: true } });
    for (const payload of [Buffer.from([7, 7]), Buffer.from('4a0400', 'hex')]) {
      next.push(frame({ opcode: 1, reserved: 0x40, payload }));
    }
    state.nowMs += 1000;
    next.push(many(OWN + 1, text('x')));
    next.finish();
    const both = { messages: 2, compressed: true, decoded: 'deflate', body: 'Bwdh' };
    expect(state.records[0]).toMatchObject(both);
    expect(state.records.at(-1)).toEqual({ ...CLIENT, messages: 1, bytes: 1, body: 'x' });
  });

  it('gives way where there is no room: counted, hashed, with a mark', () => {
    const tap = floodedTap();
    tap.push(text('kept'));
    state.cut = 'backpressure';
    tap.push(many(3, text('lost')));
    state.cut = null;
    tap.push(text('again'));
    tap.finish();
    const kept = sha256(Buffer.from('kept'));
    expect(checked()).toEqual([
      { ...CLIENT, messages: 1, bytes: 4, truncated: 'backpressure', sha256: kept },
      {
        ...{ ...CLIENT, messages: 3, bytes: 12, truncated: 'backpressure' },
        sha256: sha256(Buffer.from('lostlostlost')),
      },
      { ...CLIENT, messages: 1, bytes: 5, body: 'again' },
    ]);
  });
});

/** The payloads of these frames, one after the other. */
function payloadsOf(bytes: Buffer): Buffer {
  const payloads: Buffer[] = [];
  const walker = new FrameWalker({
    onHead: () => true,
    onPayload: (payload) => void payloads.push(payload),
    onEnd() {},
  });
  walker.push(bytes);
  return Buffer.concat(payloads);
}
