import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../src/worker/exchange-state.ts';
import { relayAnswer } from '../../../../src/worker/http/answer.ts';
import type { Capture } from '../../../../src/worker/http/capture.ts';

/** An answer of which a client's connection has not taken the last chunk. */
async function begun(length: string) {
  const held: (() => void)[] = [];
  const sink = new Writable({ write: (_chunk, _encoding, done) => void held.push(done) });
  const stream = { line: { method: 'GET' }, isComplete: true, isGone: false, sink, flush() {} };
  const tap = {
    bytes: 0,
    push({ length: more }: Buffer) {
      this.bytes += more;
    },
  };
  const body = new PassThrough();
  const head = { status: 200, phrase: '', headers: ['Content-Length', length], isWhole: false };
  const answer = { head, body, isComplete: () => false, trailers: () => [] };
  const exchange = { stream } as unknown as Exchange;
  const isDelivered = relayAnswer(exchange, answer, tap as unknown as Capture);
  body.write('hello');
  await turn();
  return { isDelivered, stream, take: () => held.shift()?.() };
}

describe('relayAnswer() says that an answer is delivered', () => {
  it('when the connection has taken all that its length announced', async () => {
    const { isDelivered, take } = await begun('5');
    expect(isDelivered()).toBe(false);
    take();
    await turn();
    expect(isDelivered()).toBe(true);
  });

  it('not when more was announced', async () => {
    const { isDelivered, take } = await begun('6');
    take();
    await turn();
    expect(isDelivered()).toBe(false);
  });

  it('not when its last bytes were thrown away with the connection', async () => {
    const { isDelivered, stream, take } = await begun('5');
    stream.isGone = true;
    take();
    await turn();
    expect(isDelivered()).toBe(false);
  });
});
