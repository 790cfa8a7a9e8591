import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FlowFields, Truncation } from '../../../../src/shared/audit-event.ts';
import { formatMembers } from '../../../../src/shared/audit-line.ts';
import { LIMITS } from '../../../../src/shared/limits.ts';
import { MessageTap, type TapDeps } from '../../../../src/worker/websocket/message-tap.ts';
import { checkRecord } from '../../../support/check-record.ts';
import { bytesOf, frame, messagesIn, type Sent } from '../../../support/websocket-bytes.ts';

const HELD = LIMITS.captureHeldBytes;
const state = { records: [] as FlowFields[], cut: null as Truncation | null, nowMs: 0 };

beforeEach(() => {
  state.records = [];
  state.cut = null;
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

/** Pushes all, ends it, and gives the records; each is held against the schema. */
function recordsOf(bytes: Buffer | readonly Buffer[], options: Partial<TapDeps> = {}) {
  const tap = tapOf(options);
  for (const chunk of [bytes].flat()) tap.push(chunk);
  tap.finish();
  return checked();
}

function checked(): FlowFields[] {
  const stamp = `{"seq":1,"prev":"${'0'.repeat(64)}","ts":1,"event":"websocket","id":"1-1-1","worker":1`;
  for (const fields of state.records) {
    const members = formatMembers(fields);
    expect(checkRecord(JSON.parse(`${stamp},${members}}`))).toEqual([]);
    expect(members.length).toBeLessThan(255 * 1024);
  }
  return state.records;
}

const text = (...fragments: string[]): Sent => ({
  kind: 'text',
  fragments: fragments.map((each) => Buffer.from(each)),
});
const binary = (...fragments: Buffer[]): Sent => ({ kind: 'binary', fragments });
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const CLIENT = { direction: 'client' } as const;

describe('MessageTap', () => {
  it('puts each message into a record of its own: text, bytes, control frames', async () => {
    const bytes = await bytesOf({ side: 'client' }, [
      text('{"ü":1}'),
      binary(Buffer.from([0xff, 0])),
      text(''),
      { kind: 'ping', data: Buffer.from('are you there') },
      { kind: 'pong', data: Buffer.alloc(0) },
      { kind: 'close', code: 1001, reason: 'going away' },
    ]);
    expect(recordsOf(bytes)).toEqual([
      { ...CLIENT, opcode: 1, bytes: 8, body: '{"ü":1}' },
      { ...CLIENT, opcode: 2, bytes: 2, body: '/wA=', encoding: 'base64' },
      { ...CLIENT, opcode: 1, bytes: 0 },
      { ...CLIENT, opcode: 9, bytes: 13, body: 'are you there' },
      { ...CLIENT, opcode: 10, bytes: 0 },
      { ...CLIENT, opcode: 8, bytes: 12, code: 1001, body: 'going away' },
    ]);
  });

  it('joins fragments, and sees control frames between them', async () => {
    const bytes = Buffer.concat([
      frame({ opcode: 1, payload: 'one, ', fin: false }),
      frame({ opcode: 9, payload: 'ping' }),
      frame({ opcode: 0, payload: '', fin: false }),
      frame({ opcode: 0, payload: 'two' }),
      frame({ opcode: 8 }),
    ]);
    expect(recordsOf(bytes)).toEqual([
      { ...CLIENT, opcode: 9, bytes: 4, body: 'ping' },
      { ...CLIENT, opcode: 1, bytes: 8, body: 'one, two' },
      { ...CLIENT, opcode: 8, bytes: 0 },
    ]);
  });

  it.each([
    ['client', undefined],
    ['server', undefined],
    ['client', { takeover: true }],
    ['server', { takeover: true }],
    ['client', { takeover: false }],
    ['server', { takeover: false }],
  ] as const)('finds the messages of a %s byte by byte, compressed: %j', async (side, deflate) => {
    const sent = [
      text('said once'),
      text('said', ' once'),
      binary(randomBytes(300)),
      text('said once'),
    ];
    const bytes = await bytesOf({ side, ...(deflate && { deflate }) }, sent);
    const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
    const seen = messagesIn(recordsOf(chunks, { direction: side, deflate: deflate ?? null }));
    expect(seen.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
      ...[
        [1, 9],
        [1, 9],
      ],
      ...[
        [2, 300],
        [1, 9],
      ],
    ]);
    const marked = seen.filter(({ record }) => record.decoded === 'deflate');
    expect(marked).toHaveLength(deflate === undefined ? 0 : 4);
    for (const { record } of marked) expect(record.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says of an inflated message how long it was on the wire, and the hash of that', async () => {
    const words = 'the same again and again, '.repeat(100);
    const bytes = await bytesOf({ side: 'server', deflate: { takeover: true } }, [text(words)]);
    const wire = bytes.subarray(2);
    const records = recordsOf(bytes, { direction: 'server', deflate: { takeover: true } });
    expect(records).toEqual([
      {
        ...{ direction: 'server', opcode: 1, bytes: wire.length, body: words },
        ...{ sha256: sha256(wire), decoded: 'deflate' },
      },
    ]);
  });

  it('sees an uncompressed message among compressed ones', async () => {
    const [first, last] = await Promise.all(
      [text('a'), text('b')].map((each) =>
        bytesOf({ side: 'client', deflate: { takeover: false } }, [each]),
      ),
    );
    const plain = frame({ opcode: 1, payload: 'plain' });
    const records = recordsOf([first!, plain, last!], { deflate: { takeover: false } });
    expect(records.map(({ body, decoded }) => [body, decoded])).toEqual([
      ['a', 'deflate'],
      ['plain', undefined],
      ['b', 'deflate'],
    ]);
  });

  it('lets a message of more than 64 KiB leave in pieces, and holds no more of it', async () => {
    const payload = Buffer.alloc(5 * HELD + 7, 0x80);
    const chunks = [frame({ opcode: 2, payload: payload.subarray(0, 100), fin: false })];
    const rest = frame({ opcode: 0, payload: payload.subarray(100) });
    for (let at = 0; at < rest.length; at += 10_000) chunks.push(rest.subarray(at, at + 10_000));
    const records = recordsOf(chunks);
    expect(records.map(({ more, offset, parts }) => [more, offset, parts])).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((n) => [true, n * HELD, undefined]),
      [undefined, undefined, 6],
    ]);
    expect(messagesIn(records)[0]?.payload.equals(payload)).toBe(true);
    expect(records.at(-1)).toMatchObject({ bytes: payload.length, sha256: sha256(payload) });
  });

  it('shows a message that comes slowly while it comes', () => {
    const tap = tapOf();
    tap.push(frame({ opcode: 1, payload: 'first half, ', fin: false }));
    tap.sweep(LIMITS.partAfterMs - 1);
    expect(state.records).toEqual([]);
    tap.sweep(LIMITS.partAfterMs);
    expect(state.records).toEqual([
      { ...CLIENT, opcode: 1, offset: 0, body: 'first half, ', more: true },
    ]);
    tap.push(frame({ opcode: 0, payload: 'second' }));
    expect(messagesIn(checked()).map(({ payload }) => payload.toString())).toEqual([
      'first half, second',
    ]);
  });

  // Invariant: each message that went by is in a record: whole, or with a mark, its full length and its SHA-256.
  it('marks a message beyond the limit, with its length and the hash of all of it', async () => {
    const payload = Buffer.from('0123456789abcdef');
    const long = recordsOf(frame({ opcode: 1, payload }), { limitBytes: 10 });
    expect(long).toEqual([
      {
        ...{ ...CLIENT, opcode: 1, bytes: 16, body: '0123456789' },
        ...{ truncated: 'limit', sha256: sha256(payload) },
      },
    ]);
  });

  it('copies nothing where nothing is to be copied, and says so', () => {
    const payload = Buffer.from('secret');
    const options = { skip: 'off', deflate: { takeover: true } } as const;
    const bytes = [
      frame({ opcode: 1, payload }),
      frame({ opcode: 1, reserved: 0x40, payload }),
      frame({ opcode: 9, payload }),
    ];
    const off = { bytes: 6, truncated: 'off', sha256: sha256(payload) };
    expect(recordsOf(bytes, options)).toEqual(
      [1, 1, 9].map((opcode) => ({ ...CLIENT, opcode, ...off })),
    );
  });

  it('counts and hashes in one record the messages that there is no room for', async () => {
    const messages = ['kept', 'lost', 'too', '', 'kept again'];
    const tap = tapOf();
    for (const [index, payload] of messages.entries()) {
      state.cut = index > 0 && index < 4 ? 'backpressure' : null;
      tap.push(frame({ opcode: 1, payload }));
      if (index === 1) tap.push(frame({ opcode: 9, payload: 'ping' }));
    }
    state.cut = 'record_full';
    tap.push(frame({ opcode: 2, payload: 'end' }));
    tap.finish();
    const gap = Buffer.from('lostpingtoo');
    expect(checked()).toEqual([
      { ...CLIENT, opcode: 1, bytes: 4, body: 'kept' },
      { ...CLIENT, messages: 4, bytes: 11, truncated: 'backpressure', sha256: sha256(gap) },
      { ...CLIENT, opcode: 1, bytes: 10, body: 'kept again' },
      {
        ...{ ...CLIENT, messages: 1, bytes: 3, truncated: 'record_full' },
        sha256: sha256(Buffer.from('end')),
      },
    ]);
  });

  it('knows after a gap what compressed messages in it said', async () => {
    const sent = [text('what was said'), text('what was said'), text('what was said')];
    const options = { side: 'client', deflate: { takeover: true } } as const;
    const all = await bytesOf(options, sent);
    const first = (await bytesOf(options, sent.slice(0, 1))).length;
    const two = (await bytesOf(options, sent.slice(0, 2))).length;
    const tap = tapOf({ deflate: { takeover: true } });
    tap.push(all.subarray(0, first));
    state.cut = 'client_log';
    tap.push(all.subarray(first, two));
    state.cut = null;
    tap.push(all.subarray(two));
    tap.finish();
    expect(checked().map(({ body, messages }) => body ?? messages)).toEqual([
      'what was said',
      1,
      'what was said',
    ]);
  });

  it('keeps a compressed message that is too long to be held as on the wire, and goes on', async () => {
    const options = { side: 'client', deflate: { takeover: true } } as const;
    const noise = randomBytes(200_000);
    const sent = [text('short'), binary(noise), binary(noise.subarray(-500)), text('alone')];
    const bytes = await bytesOf(options, sent);
    const load = { streams: 0, waitingBytes: LIMITS.decodeWaitingTotalBytes };
    const seen = messagesIn(recordsOf(bytes, { deflate: { takeover: true }, load }));
    expect(seen.map(({ record }) => [record.decoded, record.compressed])).toEqual([
      ['deflate', undefined],
      // The one that is too long, and the one that refers to it.
      [undefined, true],
      [undefined, true],
      ['deflate', undefined],
    ]);
    expect(load.waitingBytes).toBe(LIMITS.decodeWaitingTotalBytes);
  });
});
