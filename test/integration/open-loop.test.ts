// The benchmark's load generator at real servers: that it tells how long a request waited from when it
// was due, whoever was late.

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateRequests } from '../../bench/openloop/generate-requests.ts';
import { directOf } from '../../bench/openloop/latency.ts';
import type { Handler } from '../support/origin-routes.ts';
import { type Origin, startOrigin } from '../support/start-origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';

const BODY = 'x'.repeat(1024);
const LATE_MS = 200;
/** 400 requests in two seconds: 40 of them are due while somebody is late for 200 ms. */
const SCHEDULE = { kind: 'fixed', perSecond: 200, seconds: 2, seed: 1 } as const;

let origin: Origin;
let proxy: TestProxy;
/** What the server does before it answers. */
let before: () => Promise<unknown> | undefined;
let isClosing = false;

const handler: Handler = async (_request, response) => {
  await before();
  if (isClosing) response.setHeader('connection', 'close');
  response.end(BODY);
};

beforeAll(async () => {
  origin = await startOrigin({ tls: { names: ['localhost'] }, handler });
  const policy = { mode: 'audit', allowPrivate: ['127.0.0.0/8', '::1/128'] } as const;
  proxy = await startProxy({ rootsFile: origin.caFile, policy });
});
afterAll(async () => {
  await proxy?.close();
  await origin?.close();
});

function load(bounds: { tunnels?: number; maxTunnels?: number; answerMs?: number } = {}) {
  const { port } = proxy;
  const target = { port, isReverse: false, originPort: origin.port, host: 'localhost' };
  return {
    kind: 'requests',
    target,
    path: '/',
    body: BODY,
    tunnels: 4,
    maxTunnels: 100,
    warmUpSeconds: 0.3,
    schedule: SCHEDULE,
    answerMs: 5000,
    pid: null,
    ...bounds,
  } as const;
}

describe('generateRequests()', () => {
  it('shows a server that is late once in all requests that were due meanwhile', async () => {
    before = lateOnce(1000);
    const direct = { ...load(), target: directOf(load().target) };
    const numbers = await generateRequests(direct);
    expect(numbers).toMatchObject({ requests: 400, failures: 0, unsent: 0 });
    expect(numbers.p50Ms).toBeLessThan(LATE_MS / 4);
    expect(numbers.p99Ms).toBeGreaterThan(LATE_MS * 0.75);
    // A tenth of the time, so a tenth of the requests: a closed loop would have asked four times.
    expect(numbers.tunnelsOpened).toBeGreaterThan(20);
  });

  it('shows its own lateness, and counts it against the answer', async () => {
    before = () => undefined;
    const numbers = generateRequests(load());
    await pause(1500);
    const endMs = performance.now() + LATE_MS;
    while (performance.now() < endMs);
    expect(await numbers).toMatchObject({ requests: 400, failures: 0 });
    expect((await numbers).latenessMaxMs).toBeGreaterThan(LATE_MS * 0.75);
    expect((await numbers).p99Ms).toBeGreaterThan(LATE_MS * 0.75);
    expect((await numbers).latenessP50Ms).toBeLessThan(LATE_MS / 4);
  });

  it('counts as failures what found no tunnel within its bound, and what has no answer in time', async () => {
    const startMs = performance.now();
    before = () => (performance.now() > startMs + 1500 ? new Promise(() => {}) : undefined);
    const numbers = await generateRequests(load({ tunnels: 2, maxTunnels: 2, answerMs: 300 }));
    expect(numbers.requests).toBe(400);
    expect(numbers.failures).toBeGreaterThan(50);
    // Two are under way; all behind them wait.
    expect(numbers.unsent).toBe((numbers.failures ?? 0) - 2);
  });

  it('opens a tunnel for each request where the server closes each', async () => {
    before = () => undefined;
    isClosing = true;
    const schedule = { kind: 'poisson', perSecond: 50, seconds: 1, seed: 2 } as const;
    const target = directOf(load().target);
    const closed = { ...load({ tunnels: 1, maxTunnels: 2 }), target, schedule };
    const numbers = await generateRequests(closed);
    isClosing = false;
    expect(numbers).toMatchObject({ failures: 0, unsent: 0 });
    expect(numbers.tunnelsOpened).toBeGreaterThanOrEqual((numbers.requests ?? 0) - 1);
  });

  it('ends before the load where an answer is not the one that it expects', async () => {
    const wrong = { ...load(), body: `${BODY.slice(1)}y` };
    before = () => undefined;
    await expect(generateRequests(wrong)).rejects.toThrow('is not the answer');
  });
});

/** All answers are held back until the end of one span of 200 ms. */
function lateOnce(afterMs: number): () => Promise<unknown> | undefined {
  const fromMs = performance.now() + afterMs;
  return () => {
    const now = performance.now();
    return now >= fromMs && now < fromMs + LATE_MS ? pause(fromMs + LATE_MS - now) : undefined;
  };
}
