import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../../src/shared/frame-decoder.ts';
import {
  encodeHello,
  encodeMint,
  encodeMinted,
  encodeOpen,
  encodePolicy,
  encodePrimaryControl,
  encodeRecord,
  encodeStart,
  encodeVerdict,
  encodeWorkerControl,
  type Frame,
  MAX_KEY_BYTES,
  MAX_PRIMARY_FRAME,
  MAX_WORKER_FRAME,
  type StartMessage,
} from '../../../src/shared/ipc.ts';

function decode(bytes: Buffer, chunkSize = bytes.length, limit = MAX_PRIMARY_FRAME): Frame[] {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder(limit);
  for (let at = 0; at < bytes.length; at += chunkSize) {
    decoder.push(bytes.subarray(at, at + chunkSize), (frame) => frames.push(frame));
  }
  return frames;
}

const start = { worker: 3, idPrefix: '1-3-', ticketKeys: 'AA==' } as StartMessage;
const CASES: [name: string, bytes: Buffer, frame: Frame][] = [
  ['hello', encodeHello(Buffer.from('key')), { type: 'hello', publicKey: Buffer.from('key') }],
  [
    'workerControl',
    encodeWorkerControl({ type: 'policy_in_force', version: 7 }),
    { type: 'workerControl', message: { type: 'policy_in_force', version: 7 } },
  ],
  [
    'open',
    encodeOpen('intent', 2 ** 40, 9, '"client":"ü"', '"rule":"x"'),
    {
      type: 'open',
      event: 'intent',
      flow: 2 ** 40,
      policy: 9,
      key: Buffer.from('"client":"ü"'),
      rest: Buffer.from('"rule":"x"'),
    },
  ],
  [
    'record',
    encodeRecord('allowed', 1, '"status":200'),
    { type: 'record', event: 'allowed', flow: 1, members: Buffer.from('"status":200') },
  ],
  ['mint', encodeMint(5, 'a.test'), { type: 'mint', request: 5, host: 'a.test' }],
  ['start', encodeStart(start), { type: 'start', message: start }],
  ['policy', encodePolicy(4, '{"ü":1}'), { type: 'policy', version: 4, source: '{"ü":1}' }],
  [
    'verdict',
    encodeVerdict('stale', [1, 2, 2 ** 33]),
    { type: 'verdict', verdict: 'stale', flows: [1, 2, 2 ** 33] },
  ],
  ['minted', encodeMinted(5, 'PEM', ''), { type: 'minted', request: 5, pem: 'PEM', problem: '' }],
  [
    'minted, refused',
    encodeMinted(5, '', 'no'),
    { type: 'minted', request: 5, pem: '', problem: 'no' },
  ],
  [
    'primaryControl',
    encodePrimaryControl({ type: 'drain', timeoutMs: 10 }),
    { type: 'primaryControl', message: { type: 'drain', timeoutMs: 10 } },
  ],
];

describe('the codec', () => {
  it.each(CASES)('gives back what was encoded: %s', (_name, bytes, frame) => {
    expect(decode(bytes)).toEqual([frame]);
  });

  it('gives the same frames for every size of chunk', () => {
    const all = Buffer.concat(CASES.map(([, bytes]) => bytes));
    const whole = decode(all);
    expect(whole).toHaveLength(CASES.length);
    for (let size = 1; size <= 64; size += 1) expect(decode(all, size)).toEqual(whole);
  });

  it.each([
    ['a length of zero', Buffer.from([0, 0, 0, 0, 1])],
    ['a length over the limit', Buffer.from([0xff, 0xff, 0xff, 0xff, 1])],
    ['an unknown type', Buffer.from([0, 0, 0, 1, 99])],
    ['an unknown event', Buffer.from([0, 0, 0, 10, 4, 200, 0, 0, 0, 0, 0, 0, 0, 1])],
    ['a flow number that is none', Buffer.from([0, 0, 0, 10, 4, 0, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0])],
    ['a body cut short', Buffer.from([0, 0, 0, 2, 3, 0])],
    ['control that is no JSON', Buffer.from([0, 0, 0, 2, 2, 0x7b])],
    ['an unknown verdict', Buffer.from([0, 0, 0, 2, 18, 9])],
    ['an identity over the limit', encodeOpen('intent', 1, 1, 'x'.repeat(MAX_KEY_BYTES + 1), '')],
    ['a verdict with half a flow number', Buffer.from([0, 0, 0, 4, 18, 0, 1, 2])],
  ])(
    'a frame that breaks these limits is an error of that pipe, never of the process: %s',
    (_name, bytes) => {
      const sound = encodeRecord('allowed', 1, '');
      const frames: Frame[] = [];
      const broken = new FrameDecoder(MAX_WORKER_FRAME);
      const read = () => broken.push(Buffer.concat([sound, bytes]), (frame) => frames.push(frame));
      // What the pipe's reader catches; anything else would be a fault of the codec.
      expect(read).toThrow(/^Cannot read frame|JSON|out of range|bounds/);
      expect(frames).toHaveLength(1);
      // Another pipe's decoder knows nothing of it.
      expect(decode(sound, 1, MAX_WORKER_FRAME)).toEqual(frames);
    },
  );
});
