// One measurement: as many requests as fit the time, every one of them counted, and the CPU that the
// measured process tree took meanwhile. A fixed number of requests, not a fixed time, so that none
// is cut off at the end and all the counts have to agree.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import type { Scenario } from './options.ts';
import { ORIGIN_HOST, type Origin } from './origin.ts';
import { cpuSeconds, startProgram } from './processes.ts';
import type { MeasuredProxy } from './proxies.ts';

export type Target = {
  readonly scenario: Scenario;
  readonly origin: Origin;
  /** Null: straight to the origin. */
  readonly proxy: MeasuredProxy | null;
  /** For the socket of the shim. */
  readonly dir: string;
};

export type Measurement = {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Null: nothing was measured but the origin. */
  readonly cpuMicrosPerRequest: number | null;
};

type Load = { readonly url: string; readonly path: string; readonly socketPath?: string };

const SHIM = fileURLToPath(new URL('./connect-shim.mjs', import.meta.url));
/** Of an answer; a request that waits longer is an error. */
const TIMEOUT_S = 20;
/** How long the last run before the measured one takes: V8 compiles for seconds before it is fast. */
const WARM_UP_MS = 2000;

/** Warms up, measures for about `seconds`; `sent` is called with the requests of each run. */
export async function measure(
  target: Target,
  { seconds, connections }: { readonly seconds: number; readonly connections: number },
  sent: (requests: number) => void,
): Promise<Measurement> {
  const { proxy, origin } = target;
  const { load, close } = await prepare(target);
  const runOnce = async (amount: number) => {
    sent(amount);
    return runLoad({ load, origin, connections, amount });
  };
  try {
    let amount = connections * 10;
    let warm = await runOnce(amount);
    while (warm.elapsedMs < WARM_UP_MS) {
      amount *= 2;
      warm = await runOnce(amount);
    }
    const rate = (amount / warm.elapsedMs) * 1000;
    const requests = Math.max(connections, Math.round(rate * seconds));
    const cpuBefore = proxy === null ? 0 : cpuSeconds(proxy.pid);
    const { elapsedMs, latencies } = await runOnce(requests);
    const cpu = proxy === null ? null : cpuSeconds(proxy.pid) - cpuBefore;
    return {
      requests,
      requestsPerSecond: (requests / elapsedMs) * 1000,
      p50Ms: latencies[Math.floor(requests * 0.5)] ?? 0,
      p99Ms: latencies[Math.floor(requests * 0.99)] ?? 0,
      cpuMicrosPerRequest: cpu === null ? null : (cpu * 1e6) / requests,
    };
  } finally {
    await close();
  }
}

/** Where autocannon connects to, what it asks for, and the shim that HTTPS needs. */
async function prepare({ scenario, origin, proxy, dir }: Target) {
  if (scenario === 'http') {
    const originUrl = `http://${ORIGIN_HOST}:${origin.httpPort}`;
    const load: Load =
      proxy === null
        ? { url: `http://127.0.0.1:${origin.httpPort}`, path: '/' }
        : { url: `http://127.0.0.1:${proxy.port}`, path: `${originUrl}/` };
    return { load, close: async () => {} };
  }
  const socketPath = join(dir, `shim-${proxy?.port ?? 'direct'}.sock`);
  const ports = [origin.httpsPort, ...(proxy === null ? [] : [proxy.port])].map(String);
  const shim = startProgram(process.execPath, [SHIM, socketPath, ...ports]);
  await shim.firstLine();
  const load: Load = { url: `https://${ORIGIN_HOST}:${origin.httpsPort}`, path: '/', socketPath };
  return {
    load,
    async close() {
      await shim.stop();
      if (shim.stderr() !== '') throw new Error(shim.stderr().split('\n')[0]);
    },
  };
}

type RunOptions = {
  readonly load: Load;
  readonly origin: Origin;
  readonly connections: number;
  readonly amount: number;
};

async function runLoad({ load, origin, connections, amount }: RunOptions) {
  const before = await origin.requests();
  const latencies = new Float64Array(amount);
  let answers = 0;
  let endedAt = 0;
  const problems: string[] = [];
  const { path, ...where } = load;
  const port = load.url.startsWith('https') ? origin.httpsPort : origin.httpPort;
  const startedAt = performance.now();
  const running = autocannon({
    ...where,
    connections,
    amount,
    tlsOptions: { servername: ORIGIN_HOST },
    timeout: TIMEOUT_S,
    verifyBody: (body) => body === origin.body,
    requests: [{ method: 'GET', path, headers: { host: `${ORIGIN_HOST}:${port}` } }],
  });
  running.on('response', (_client, _status, _bytes, ms) => {
    latencies[answers] = ms;
    answers += 1;
    endedAt = performance.now();
  });
  running.on('reqError', (error) => {
    problems.push(error.message);
    // It would go on for ever against a program that refuses all.
    running.stop();
  });
  const { errors, mismatches, resets, statusCodeStats } = await running;
  const good = statusCodeStats['200']?.count ?? 0;
  const reached = (await origin.requests()) - before;
  const counts = { good, answers, reached, errors, mismatches, resets };
  const wanted = { good: amount, answers: amount, reached: amount, errors: 0, mismatches: 0 };
  const wrong = Object.entries(wanted).filter(
    ([name, value]) => counts[name as keyof typeof counts] !== value,
  );
  if (wrong.length > 0) {
    const statuses = JSON.stringify(statusCodeStats);
    throw new Error(
      `${amount} requests, but ${JSON.stringify(counts)}, statuses ${statuses}${
        problems[0] === undefined ? '' : `, first error: ${problems[0]}`
      }`,
    );
  }
  return { elapsedMs: endedAt - startedAt, latencies: latencies.sort() };
}
