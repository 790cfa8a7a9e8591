// Both ends of the pipe against each other over a real socket: the worker's link and the primary's
// port, with a log that remembers.

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ClientQuota } from '../../src/primary/client-quota.ts';
import type { FlowEvent } from '../../src/shared/audit-event.ts';
import { encodeHello, encodeMint, encodeOpen, encodeRecord } from '../../src/shared/ipc.ts';
import { LIMITS } from '../../src/shared/limits.ts';
import { socketPair } from '../support/socket-pair.ts';
import {
  eachWithPipe,
  identity,
  type Pipe,
  type PipeEnds,
  startPipe,
} from '../support/start-pipe.ts';

const intent = (flow: number, policy = 1) => ({
  event: 'intent' as const,
  flow,
  policy,
  identity,
  rest: { rule: 'r', policy },
});

describe('startLink() and startWorkerPort()', () => {
  let ends: PipeEnds;
  let pipe: Pipe;
  eachWithPipe((newEnds, newPipe) => {
    [ends, pipe] = [newEnds, newPipe];
  });

  it("acknowledges an intent once it is on the log, with its flow's id", async () => {
    const flow = pipe.link.nextFlow();
    expect(flow.id).toBe('9-4-1');
    await expect(pipe.link.open(intent(flow.number))).resolves.toBe('ack');
    expect(pipe.state.lines).toEqual([
      { event: 'intent', id: '9-4-1', fields: { ...identity, rule: 'r', policy: 1 } },
    ]);
  });

  it('acknowledges many intents of one turn', async () => {
    const flows = Array.from({ length: 200 }, () => pipe.link.nextFlow().number);
    const verdicts = await Promise.all(flows.map((flow) => pipe.link.open(intent(flow))));
    expect(verdicts.every((verdict) => verdict === 'ack')).toBe(true);
    expect(pipe.state.lines).toHaveLength(200);
  });

  it('sends back an intent that was decided under an older policy', async () => {
    pipe.state.policy = 2;
    await expect(pipe.link.open(intent(1, 1))).resolves.toBe('stale');
    await expect(pipe.link.open(intent(1, 2))).resolves.toBe('ack');
    expect(pipe.state.lines).toHaveLength(1);
  });

  it('refuses new flows while the log cannot be written', async () => {
    pipe.state.healthy = false;
    await expect(pipe.link.open(intent(1))).resolves.toBe('refused');
    expect(pipe.state.lines).toEqual([]);
  });

  it('brings a leaf, or the reason why there is none', async () => {
    // No hello yet: a mint request is out of order, so it has a test of its own below.
    ends[0].write(Buffer.from([0, 0, 0, 4, 1, 1, 2, 3]));
    await expect(pipe.link.mint('a.test')).resolves.toBe('PEM of a.test');
    await expect(pipe.link.mint('no.test')).rejects.toThrow('no leaf');
  });

  it('ends every open flow when the worker is gone, with what identifies it', async () => {
    await pipe.link.open({ ...intent(1), identity: { ...identity, url: 'https://a.test/ü"' } });
    await pipe.link.open(intent(2));
    pipe.link.record('allowed', 2, { ...identity, status: 200 });
    pipe.link.record('part', 1, { dir: 'res', body: 'x' });
    await expect.poll(() => pipe.state.lines.length).toBe(4);
    await pipe.port.abandon('worker_exit');
    expect(pipe.state.lines[4]).toEqual({
      event: 'error',
      id: '9-4-1',
      fields: { ...identity, url: 'https://a.test/ü"', reason: 'worker_exit' },
    });
    expect(pipe.state.lines).toHaveLength(5);
  });

  it('ends as many flows as a worker may have open, in slices that wait for the log', async () => {
    const count = 10_000;
    const opened = Array.from({ length: count }, (_, n) => pipe.link.open(intent(n + 1)));
    await Promise.all(opened);
    const done = pipe.port.abandon('worker_exit');
    expect(pipe.state.lines.length).toBeLessThan(2 * count);
    await done;
    expect(pipe.state.lines).toHaveLength(2 * count);
  });

  it('takes no new flow when nearly as many are open as the primary allows', async () => {
    const flows = Array.from({ length: LIMITS.openFlowsFull }, (_, n) => n + 1);
    await Promise.all(flows.map((flow) => pipe.link.open(intent(flow))));
    expect(pipe.link.refusal()).toBe('overload');
    pipe.link.record('allowed', 1, identity);
    expect(pipe.link.refusal()).toBeNull();
    expect(pipe.state.broken).toBe('');
  });

  it('lists open flows as JSON objects, for the first record of a segment', async () => {
    await pipe.link.open(intent(1));
    const flows = [...pipe.port.openFlows()].map((text) => JSON.parse(text));
    expect(flows).toEqual([{ id: '9-4-1', event: 'intent', ...identity }]);
  });

  it('keeps a long URL out of what it remembers of a flow, not out of the record', async () => {
    const url = `https://a.test/${'x'.repeat(5000)}`;
    await pipe.link.open({ ...intent(1), identity: { ...identity, url } });
    expect(pipe.state.lines[0]?.fields.url).toBe(url);
    expect([...pipe.port.openFlows()][0]).not.toContain('xxxx');
  });

  const forged: [name: string, bytes: Buffer][] = [
    ['seq', encodeOpen('intent', 1, 1, '', '"seq":5')],
    ['prev', encodeRecord('blocked', 1, '"prev":"x"')],
    ['ts', encodeRecord('blocked', 1, '"ts":1')],
    ['worker', encodeRecord('blocked', 1, '"worker":1')],
    ['id', encodeRecord('blocked', 1, '"id":"1-1-1"')],
    ['an escaped name', encodeRecord('blocked', 1, '"s\\u0065q":5')],
    ['a second line', encodeRecord('blocked', 1, '"reason":"x"}\n{"seq":1')],
    ['half a string', encodeRecord('blocked', 1, '"reason":"x')],
    ['members that are whole only together', encodeOpen('intent', 1, 1, '"url":"a', '"')],
    ['a word for Null', Buffer.from([0, 0, 0, 5, 2, ...Buffer.from('null')])],
    ['the same name twice', encodeOpen('intent', 1, 1, '"client":"a"', '"client":"b"')],
    ['a flow that is not open', encodeRecord('allowed', 1, '"status":200')],
    ['a frame for workers', Buffer.from([0, 0, 0, 6, 17, 0, 0, 0, 1, 0x7b])],
    ['a mint before hello', Buffer.from([0, 0, 0, 6, 5, 0, 0, 0, 1, 0x61])],
    ['a frame over the limit', Buffer.from([0x7f, 0, 0, 0, 1])],
  ];
  it.each(forged)(
    'cuts the pipe of a worker that sends %s, and writes nothing',
    async (_name, bytes) => {
      // Invariant: a frame that breaks the codec's limits costs that worker its pipe, never the primary.
      // Invariant: seq, prev, ts, event, id and worker are written by the primary; a worker cannot name them.
      const closed = once(ends[0], 'close');
      ends[0].on('error', () => {});
      ends[0].write(bytes);
      await closed;
      expect(pipe.state.broken).not.toBe('');
      expect(pipe.state.lines).toEqual([]);
    },
  );

  it('cuts the pipe of a worker that asks and does not read', async () => {
    ends[0].on('error', () => {});
    ends[0].pause();
    ends[0].write(encodeHello(Buffer.from('key')));
    for (let n = 0; n < 100; n += 1) ends[0].write(encodeMint(n, 'long.test'));
    await expect.poll(() => pipe.state.broken, { timeout: 10_000 }).toMatch(/does not read/);
  });

  it('keeps a flow open whose last record cannot be taken', async () => {
    await pipe.link.open(intent(1));
    ends[0].on('error', () => {});
    ends[0].write(encodeRecord('allowed', 1, '"seq":1'));
    await expect.poll(() => pipe.state.broken).not.toBe('');
    await pipe.port.abandon('worker_exit');
    expect(pipe.state.lines.map(({ event }) => event)).toEqual(['intent', 'error']);
  });

  it('counts refusals while the log has no room, and keeps what ends a flow', async () => {
    await pipe.link.open(intent(1));
    pipe.state.healthy = false;
    pipe.link.record('blocked', 2, { reason: 'audit_unavailable' });
    pipe.link.record('allowed', 1, { status: 200 });
    await expect.poll(() => pipe.state.lines.length).toBe(2);
    expect(pipe.state.lines.map(({ event }) => event)).toEqual(['intent', 'allowed']);
    expect(pipe.state.refused).toBe(1);
  });

  it('withdraws an intent that the log could not write: it hears no, and may be refused as never begun', async () => {
    pipe.state.withdraws = true;
    await expect(pipe.link.open(intent(1))).resolves.toBe('refused');
    expect([...pipe.port.openFlows()]).toEqual([]);
    pipe.link.record('blocked', 1, { reason: 'audit_unavailable' });
    await expect.poll(() => pipe.state.lines).toMatchObject([{ event: 'blocked', id: '9-4-1' }]);
    expect(pipe.state.broken).toBe('');
  });

  it('refuses what is new, and cuts captures, from when the primary says that the log is full', () => {
    expect([pipe.link.refusal(), pipe.link.mustCut('127.0.0.1')]).toEqual([null, null]);
    for (const state of ['full', 'stuck'] as const) {
      pipe.link.setRecord(state);
      expect(pipe.link.refusal()).toBe('audit_unavailable');
      expect(pipe.link.mustCut('127.0.0.1')).toBe('record_full');
    }
    pipe.link.setRecord('open');
    expect([pipe.link.refusal(), pipe.link.mustCut('127.0.0.1')]).toEqual([null, null]);
  });

  it('cuts the captures of a client whose share is used up, and of no other', () => {
    pipe.link.setCut('127.0.0.1', true);
    expect(pipe.link.mustCut('127.0.0.1')).toBe('client_log');
    expect(pipe.link.mustCut('127.0.0.2')).toBeNull();
    expect(pipe.link.refusal()).toBeNull();
    pipe.link.setCut('127.0.0.1', false);
    expect(pipe.link.mustCut('127.0.0.1')).toBeNull();
  });

  it('takes nothing but who asks for what as the identity of a flow', async () => {
    ends[0].write(encodeOpen('intent', 1, 1, '"client":"127.0.0.1","reason":"all is well"', ''));
    await expect.poll(() => pipe.state.broken).toMatch(/"reason" is not the sender's to set/);
  });

  it('has a client pay for all records of its flows, and only counts its refusals beyond that', async () => {
    const others = await socketPair();
    const cut: unknown[] = [];
    const onCut = (client: string, isCut: boolean) => cut.push([client, isCut]);
    const quota = new ClientQuota({ bytesPerMinute: 1000, now: () => 1_000_000, onCut });
    const limited = startPipe(others, quota);
    await expect(limited.link.open(intent(1))).resolves.toBe('ack');
    limited.link.record('part', 1, { dir: 'res', body: 'x'.repeat(2000) });
    await expect(limited.link.open(intent(2))).resolves.toBe('quota');
    limited.link.record('blocked', 2, { ...identity, reason: 'client_log' });
    limited.link.record('blocked', 3, { ...identity, client: '127.0.0.9', reason: 'no_rule' });
    limited.link.record('allowed', 1, { ...identity, status: 200 });
    await expect.poll(() => limited.state.lines.length).toBe(4);
    expect(limited.state.lines.map(({ event, id }) => [event, id])).toEqual([
      ['intent', '9-4-1'],
      ['part', '9-4-1'],
      ['blocked', '9-4-3'],
      ['allowed', '9-4-1'],
    ]);
    expect([...quota.sweep(true)]).toMatchObject([{ client: '127.0.0.1', refused: 1 }]);
    expect(cut).toEqual([['127.0.0.1', true]]);
    for (const end of others) end.destroy();
  });

  it('refuses by itself what has no verdict for some seconds', async () => {
    ends[1].pause();
    expect(await pipe.link.open(intent(1))).toBe('refused');
    pipe.link.record('blocked', 1, { reason: 'audit_unavailable' });
    ends[1].resume();
    await expect
      .poll(() => pipe.state.lines.map(({ event }) => event))
      .toEqual(['intent', 'blocked']);
    expect([...pipe.port.openFlows()]).toEqual([]);
  });

  it('reads no further while too much waits for the log', async () => {
    pipe.state.crowded = true;
    await pipe.link.open(intent(1));
    await expect.poll(() => ends[1].isPaused()).toBe(true);
    pipe.state.crowded = false;
    pipe.state.resume();
    await pipe.link.open(intent(2));
    expect(pipe.state.lines).toHaveLength(2);
  });

  it('tells the worker when the primary is gone', async () => {
    ends[1].end();
    await expect.poll(() => pipe.state.lost).toMatch(/closed/);
  });

  it('says that it is congested, then full, while the primary does not read', async () => {
    // Invariant: opening and closing records are never dropped; when the pipe is full, captures are cut first, then new exchanges are refused.
    ends[1].pause();
    void pipe.link.open(intent(1));
    const big = { dir: 'res', body: 'x'.repeat(200_000) } as const;
    for (let count = 0; count < 200 && pipe.link.mustCut('127.0.0.1') === null; count += 1)
      pipe.link.record('part', 1, big);
    expect(pipe.link.mustCut('127.0.0.1')).toBe('backpressure');
    expect(pipe.link.refusal()).toBeNull();
    for (let count = 0; count < 200 && pipe.link.refusal() === null; count += 1)
      pipe.link.record('part', 1, big);
    expect(pipe.link.refusal()).toBe('overload');
    const last: FlowEvent = 'allowed';
    pipe.link.record(last, 1, { status: 200 });
    ends[1].resume();
    await expect.poll(() => pipe.state.lines.at(-1)?.event).toBe('allowed');
    expect(pipe.link.mustCut('127.0.0.1')).toBeNull();
  });
});
