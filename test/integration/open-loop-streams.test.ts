// The benchmark's streams, tunnels and idle connections at a real proxy: that all of them come, whole,
// and that a stream that is cut is counted as lost.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateIdle } from '../../bench/openloop/generate-idle.ts';
import { generateStreams } from '../../bench/openloop/generate-streams.ts';
import { generateTunnels } from '../../bench/openloop/generate-tunnels.ts';
import { prose } from '../../bench/openloop/prose.ts';
import { startStreamOrigin } from '../../bench/openloop/start-stream-origin.ts';
import type { Origin } from '../../bench/origin.ts';
import { startProxy, type TestProxy } from '../support/start-proxy.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

let dir: TempDir;
let origin: Origin;
let proxy: TestProxy;

beforeAll(async () => {
  dir = await tempDir();
  origin = await startStreamOrigin(dir.path);
  const policy = { mode: 'audit', allowPrivate: ['127.0.0.0/8', '::1/128'] } as const;
  proxy = await startProxy({
    rootsFile: origin.caFile,
    policy,
    env: { LEASH_CLIENT_TUNNELS: '8' },
  });
});
afterAll(async () => {
  await proxy?.close();
  await origin?.stop();
  await dir?.close();
});

function target() {
  const { httpsPort } = origin;
  return { port: proxy.port, isReverse: false, originPort: httpsPort, host: 'localhost' } as const;
}

const STREAMS = {
  kind: 'streams',
  streams: 12,
  warmUpSeconds: 0.2,
  seconds: 0.5,
  pid: null,
} as const;

describe('generateStreams()', () => {
  it('receives each event of each stream, and what it sent is what the proxy passed on', async () => {
    const numbers = await generateStreams({ ...STREAMS, target: target(), streamsPerClient: 4 });
    expect(numbers).toMatchObject({ streams: 12, sent: 24, failures: 0, lost: 0 });
    // 20 a second in half a second, for each of twelve; a busy machine may be late.
    expect(numbers.events).toBeGreaterThan(60);
    expect(numbers.events).toBeLessThan(180);
    // Warm-up and load, each with its tunnels.
    await proxy.ended(48);
    const passed = proxy.link.records.filter(({ event }) => event === 'allowed');
    const bytes = passed.reduce((sum, { fields }) => sum + Number(fields.bytes ?? 0), 0);
    expect(bytes).toBe(numbers.bytesSent);
  });

  it('counts streams that a proxy refuses as failures', async () => {
    const numbers = await generateStreams({ ...STREAMS, target: target(), streamsPerClient: 12 });
    expect(numbers).toMatchObject({ streams: 12, failures: 8, lost: 0 });
  });
});

describe('generateTunnels()', () => {
  it('opens a tunnel for each time of the schedule', async () => {
    const before = await origin.requests();
    const numbers = await generateTunnels({
      kind: 'tunnels',
      target: target(),
      path: '/bytes?count=8',
      body: prose(8, 1),
      schedule: { kind: 'poisson', perSecond: 20, seconds: 1, seed: 3 },
      warmUpTunnels: 2,
      maxTunnels: 3,
      answerMs: 5000,
      pid: null,
    });
    expect(numbers).toMatchObject({ failures: 0, unsent: 0 });
    expect(numbers.requests).toBeGreaterThan(5);
    expect(numbers.sent).toBe((numbers.requests ?? 0) + 2);
    expect((await origin.requests()) - before).toBe(numbers.sent);
  });
});

describe('generateIdle()', () => {
  it('holds as many tunnels as it is told, from clients enough for the limit of each', async () => {
    const idle = {
      kind: 'idle',
      target: target(),
      path: '/bytes?count=8',
      tunnels: 20,
      asksOnce: true,
      warmUpTunnels: 1,
      settleSeconds: 0.1,
      pid: process.pid,
    } as const;
    const fits = await generateIdle({ ...idle, tunnelsPerClient: 4 });
    expect(fits).toMatchObject({ tunnels: 20, failures: 0, sent: 21 });
    expect(fits.memoryAfterMb).toBeGreaterThan(10);
    expect(await generateIdle({ ...idle, tunnelsPerClient: 20 })).toMatchObject({ failures: 12 });
  });
});
